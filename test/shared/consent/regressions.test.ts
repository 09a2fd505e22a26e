import { describe, expect, test } from 'vitest';
import { evaluateConsent } from '../../../shared/consent/index.ts';
import { actors, consentWith, optOut, request } from './sample-consents.ts';

/** Faults of other systems (facts: reliability.md, faults 4 and 5), each kept out by a test. */
describe('fault 4: a refusal that is unseen for hours', () => {
  test('a deny counts in the very next evaluation: nothing is remembered', () => {
    const consents = [consentWith({ type: 'permit' }, { id: 'old' })];
    expect(evaluateConsent(consents, request, optOut).kind).toBe('permit');
    const withDeny = [...consents, consentWith({ type: 'deny' }, { id: 'new' })];
    expect(evaluateConsent(withDeny, request, optOut)).toMatchObject({
      kind: 'deny',
      consentId: 'new',
    });
    expect(evaluateConsent(consents, request, optOut).kind).toBe('permit');
  });

  test('a deny with an open end does not run out', () => {
    const deny = consentWith({ type: 'deny', period: { start: '2026-01-01' } });
    for (const at of ['2026-01-01T00:00:00Z', '2026-11-21T00:00:00Z', '2999-12-31T23:59:59Z']) {
      expect(evaluateConsent([deny], { ...request, at }, optOut).kind).toBe('deny');
    }
  });

  test('a deny without a period holds always, and one with an open start from the beginning', () => {
    for (const provision of [{ type: 'deny' }, { type: 'deny', period: { end: '2027' } }]) {
      const decision = evaluateConsent(
        [consentWith(provision)],
        { ...request, at: '1970-01-01T00:00:00Z' },
        optOut,
      );
      expect(decision.kind).toBe('deny');
    }
  });
});

describe('fault 5: actors of R4 unread, status ignored', () => {
  test('the refusal of one clinician refuses that clinician and nobody else', () => {
    const deny = consentWith({ type: 'deny', actor: actors('Practitioner/dr-no') });
    const ask = (recipient: string) =>
      evaluateConsent([deny], { ...request, recipients: [recipient] }, optOut).kind;
    expect(ask('Practitioner/dr-no')).toBe('deny');
    expect(ask('Practitioner/dr-yes')).toBe('permit');
    expect(ask('Organization/us')).toBe('permit');
  });

  test('the element `actors`, which R4 does not have, is never taken for "everybody"', () => {
    const permit = consentWith({ type: 'permit', actors: actors('Organization/x') });
    expect(evaluateConsent([permit], request, optOut)).toMatchObject({
      kind: 'deny',
      basis: 'unreadable',
    });
  });

  test('a deny that was withdrawn no longer denies', () => {
    for (const status of ['inactive', 'entered-in-error', 'rejected']) {
      const deny = consentWith({ type: 'deny' }, { status });
      expect(evaluateConsent([deny], request, optOut).kind).toBe('permit');
    }
  });

  test('a consent that nobody signed yet neither permits nor denies', () => {
    for (const status of ['draft', 'proposed']) {
      const deny = consentWith({ type: 'deny' }, { status });
      expect(evaluateConsent([deny], request, optOut).basis).toBe('default');
    }
  });
});
