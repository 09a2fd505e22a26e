import { describe, expect, test } from 'vitest';
import { evaluateConsent } from '../../../shared/consent/index.ts';
import { actors, consentWith, optIn, optOut, request } from './sample-consents.ts';

describe('what is not wholly understood denies, under every policy', () => {
  const nested = (depth: number): Record<string, unknown> =>
    depth === 0 ? { type: 'permit' } : { type: 'permit', provision: [nested(depth - 1)] };

  test.each<[string, unknown]>([
    ['null', null],
    ['text', 'consent'],
    ['another resource', { resourceType: 'Patient', id: 'p' }],
    [
      'a modifier extension',
      consentWith({ type: 'permit' }, { modifierExtension: [{ url: 'urn:x' }] }),
    ],
    [
      'a modifier extension on a provision',
      consentWith({ type: 'permit', modifierExtension: [{ url: 'urn:x' }] }),
    ],
    [
      'a modifier extension on a nested provision',
      consentWith({
        type: 'permit',
        provision: [{ type: 'permit', modifierExtension: [{ url: 'urn:x' }] }],
      }),
    ],
    [
      'a modifier extension on an actor',
      consentWith({
        type: 'permit',
        actor: [{ ...actors('Organization/us')[0], modifierExtension: [{ url: 'urn:x' }] }],
      }),
    ],
    ['implicit rules', consentWith({ type: 'permit' }, { implicitRules: 'urn:x' })],
    ['an R5 consent', consentWith(undefined, { decision: 'permit' })],
    ['an R5 provision list', consentWith(undefined, { provision: [{}] })],
    ['an empty provision list', consentWith(undefined, { provision: [] })],
    ['a type of its own', consentWith({ type: 'maybe' })],
    ['a misspelt element', consentWith({ type: 'permit', actors: actors('Organization/x') })],
    ['an empty list of actors', consentWith({ type: 'permit', actor: [] })],
    [
      'one actor without the list',
      consentWith({ type: 'permit', actor: actors('Organization/us')[0] }),
    ],
    ['a date that is none', consentWith({ type: 'permit', period: { start: '2026-02-30' } })],
    ['a data period that is none', consentWith({ type: 'permit', dataPeriod: { end: 'soon' } })],
    ['a consent date that is none', consentWith({ type: 'permit' }, { dateTime: 'yesterday' })],
    [
      'a meaning of its own',
      consentWith({ type: 'permit', data: [{ meaning: 'near', reference: {} }] }),
    ],
    ['nesting without end', consentWith(nested(1000))],
  ])('%s', (_, consent) => {
    const beside = consentWith({ type: 'permit' }, { id: 'sound', dateTime: '2026-06-01' });
    for (const conflict of ['deny-overrides', 'latest-wins'] as const) {
      const policy = { ...optOut, conflict };
      expect(evaluateConsent([consent, beside], request, policy)).toMatchObject({
        kind: 'deny',
        basis: 'unreadable',
      });
    }
  });

  test('an unreadable consent is named when it has a name', () => {
    const consent = consentWith({ type: 'maybe' });
    expect(evaluateConsent([consent], request, optOut)).toEqual({
      kind: 'deny',
      basis: 'unreadable',
      consentId: 'c1',
      consentVersion: '4',
    });
  });

  test('an unreadable consent is named before one that denies, so that a person mends it', () => {
    const deny = consentWith({ type: 'deny' }, { id: 'a-deny', dateTime: '2026-06-01' });
    const unreadable = consentWith({ type: 'maybe' }, { id: 'unreadable' });
    for (const consents of [
      [deny, unreadable],
      [unreadable, deny],
    ]) {
      expect(evaluateConsent(consents, request, optOut)).toMatchObject({
        basis: 'unreadable',
        consentId: 'unreadable',
      });
    }
  });

  test('a time of evaluation that is none denies', () => {
    const asked = { ...request, at: 'now' };
    expect(evaluateConsent([], asked, optOut)).toEqual({ kind: 'deny', basis: 'unreadable' });
  });

  test('extensions without a say are no obstacle', () => {
    const consent = consentWith(
      { type: 'permit', extension: [{ url: 'urn:x' }], _type: { id: 'a' } },
      { extension: [{ url: 'urn:x' }], _status: { id: 'b' }, text: { div: '<div/>' } },
    );
    expect(evaluateConsent([consent], request, optIn).kind).toBe('permit');
  });
});
