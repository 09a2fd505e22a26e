import { describe, expect, test } from 'vitest';
import { type ConsentRequest, evaluateConsent } from '../../../shared/consent/index.ts';
import {
  actors,
  actReason,
  confidentiality,
  consentAction,
  consentWith,
  optIn,
  optOut,
  request,
  resourceTypes,
} from './sample-consents.ts';

type Holds = 'holds' | 'does not hold' | 'cannot be told';
type Row = readonly [string, Record<string, unknown>, Holds, Partial<ConsentRequest>?];

/**
 * One criterion, in a permit under a default of deny and in a deny under a default of permit:
 * what holds decides, what does not hold leaves the default, and what cannot be told leaves the
 * permit without effect but lets the deny stand.
 */
function table(rows: readonly Row[]): void {
  for (const [name, criterion, holds, difference = {}] of rows) {
    test(name, () => {
      const asked = { ...request, ...difference };
      const permit = evaluateConsent([consentWith({ type: 'permit', ...criterion })], asked, optIn);
      const deny = evaluateConsent([consentWith({ type: 'deny', ...criterion })], asked, optOut);
      expect({ permit: permit.basis, deny: deny.basis }).toEqual({
        permit: holds === 'holds' ? 'consent' : 'default',
        deny: holds === 'does not hold' ? 'default' : 'consent',
      });
      expect(permit.kind).toBe(holds === 'holds' ? 'permit' : 'deny');
      expect(deny.kind).toBe(holds === 'does not hold' ? 'permit' : 'deny');
    });
  }
}

const resource = (difference: Partial<ConsentRequest['resource']>) => ({
  resource: { ...request.resource, ...difference },
});

test('without any criterion a provision is about everything', () => {
  expect(evaluateConsent([consentWith({ type: 'permit' })], request, optIn).kind).toBe('permit');
  expect(evaluateConsent([consentWith({ type: 'deny' })], request, optOut).kind).toBe('deny');
});

describe('period', () => {
  table([
    ['both ends open', { period: {} }, 'holds'],
    ['open end, begun', { period: { start: '2026-01-01' } }, 'holds'],
    ['open end, not begun', { period: { start: '2027-01-01' } }, 'does not hold'],
    ['open start, not over', { period: { end: '2027-01-01' } }, 'holds'],
    ['open start, over', { period: { end: '2026-11-20' } }, 'does not hold'],
    ['around', { period: { start: '2026-11-01', end: '2026-11-30' } }, 'holds'],
    ['a day holds to its end', { period: { end: '2026-11-21' } }, 'holds'],
    ['a month holds to its end', { period: { end: '2026-11' } }, 'holds'],
    ['a year holds to its end', { period: { end: '2026' } }, 'holds'],
    ['the last second counts', { period: { end: '2026-11-21T12:00:00Z' } }, 'holds'],
    ['a second too early', { period: { end: '2026-11-21T11:59:59Z' } }, 'does not hold'],
    ['the first second counts', { period: { start: '2026-11-21T12:00:00Z' } }, 'holds'],
    ['zones are heeded', { period: { end: '2026-11-21T12:30:00+01:00' } }, 'does not hold'],
    ['zones the other way', { period: { start: '2026-11-21T13:00:00+01:00' } }, 'holds'],
  ]);
});

describe('actor', () => {
  table([
    ['we are named', { actor: actors('Organization/us') }, 'holds'],
    ['we are among those named', { actor: actors('Organization/x', 'Organization/us') }, 'holds'],
    ['another is named', { actor: actors('Practitioner/nurse') }, 'does not hold'],
    ['our id under another type', { actor: actors('Practitioner/us') }, 'does not hold'],
    ['a version of us', { actor: actors('Organization/us/_history/3') }, 'holds'],
    [
      'an address that may be ours',
      { actor: actors('https://f.example/Organization/us') },
      'cannot be told',
    ],
    [
      'an address that is ours',
      { actor: actors('https://f.example/Organization/us') },
      'holds',
      { fhirBase: 'https://f.example' },
    ],
    [
      'an address that is on our service and is not us',
      { actor: actors('https://f.example/Organization/x') },
      'does not hold',
      { fhirBase: 'https://f.example' },
    ],
    ['a contained actor', { actor: actors('#practitioner') }, 'cannot be told'],
    [
      'only an identifier',
      { actor: [{ reference: { identifier: { value: '1' } } }] },
      'cannot be told',
    ],
    [
      'one unknown among others is outweighed by us',
      { actor: actors('#practitioner', 'Organization/us') },
      'holds',
    ],
    [
      'we act for nobody we know',
      { actor: actors('Organization/us') },
      'cannot be told',
      { recipients: [] },
    ],
    [
      'one of several we act for',
      { actor: actors('Organization/b') },
      'holds',
      { recipients: ['Organization/a', 'Organization/b'] },
    ],
  ]);
});

describe('action', () => {
  const action = (...names: string[]) => ({
    action: names.map((code) => ({ coding: [{ system: consentAction, code }] })),
  });
  const { action: _, ...unstated } = request;
  table([
    ['ours', action('disclose'), 'holds'],
    ['ours among others', action('access', 'disclose'), 'holds'],
    ['another', action('access'), 'does not hold'],
    [
      'the code in another system',
      { action: [{ coding: [{ system: 'urn:x', code: 'disclose' }] }] },
      'does not hold',
    ],
    ['the code in no system', { action: [{ coding: [{ code: 'disclose' }] }] }, 'cannot be told'],
    ['only text', { action: [{ text: 'share it' }] }, 'cannot be told'],
    ['any system asked for', action('disclose'), 'holds', { action: 'disclose' }],
  ]);

  test('an action that we do not state cannot be told', () => {
    const permit = consentWith({ type: 'permit', ...action('disclose') });
    const deny = consentWith({ type: 'deny', ...action('disclose') });
    expect(evaluateConsent([permit], unstated, optIn).basis).toBe('default');
    expect(evaluateConsent([deny], unstated, optOut)).toMatchObject({
      kind: 'deny',
      basis: 'consent',
    });
  });
});

describe('purpose', () => {
  const purpose = (...codes: string[]) => ({
    purpose: codes.map((code) => ({ system: actReason, code })),
  });
  table([
    ['ours', purpose('TREAT'), 'holds'],
    ['ours among others', purpose('HRESCH', 'TREAT'), 'holds'],
    ['another', purpose('HMARKT'), 'does not hold'],
    ['we state none', purpose('TREAT'), 'cannot be told', { purposes: [] }],
    [
      'the general one of ours',
      purpose('TREAT'),
      'holds',
      { purposes: [`${actReason}|CAREMGT`, `${actReason}|TREAT`] },
    ],
  ]);
});

describe('class', () => {
  const type = (code: string) => ({ class: [{ system: resourceTypes, code }] });
  table([
    ['its resource type', type('Observation'), 'holds'],
    ['another resource type', type('Condition'), 'does not hold'],
    ['its resource type without system', { class: [{ code: 'Observation' }] }, 'holds'],
    ['a code that it bears', { class: [{ system: 'http://loinc.org', code: '4548-4' }] }, 'holds'],
    [
      'a code that it does not bear',
      { class: [{ system: 'http://loinc.org', code: '1' }] },
      'does not hold',
    ],
    ['a profile it does not claim', { class: [{ code: 'http://x.org/p' }] }, 'does not hold'],
    [
      'a profile it claims',
      { class: [{ code: 'http://x.org/p' }] },
      'holds',
      resource({ profiles: ['http://x.org/p'] }),
    ],
    ['a class without code', { class: [{ display: 'labs' }] }, 'cannot be told'],
  ]);
});

describe('code', () => {
  const code = (value: string) => ({
    code: [{ coding: [{ system: 'http://loinc.org', code: value }] }],
  });
  table([
    ['in the instance', code('4548-4'), 'holds'],
    ['not in the instance', code('9999-9'), 'does not hold'],
    ['an instance without codes', code('4548-4'), 'does not hold', resource({ codes: [] })],
    ['only text', { code: [{ text: 'HIV' }] }, 'cannot be told'],
  ]);

  test('cannot be told when the codes of the instance are not known', () => {
    const { codes: _, ...uncoded } = request.resource;
    const asked = { ...request, resource: uncoded };
    const provision = { type: 'deny', ...code('4548-4') };
    expect(evaluateConsent([consentWith(provision)], asked, optOut).kind).toBe('deny');
    const permit = { type: 'permit', ...code('4548-4') };
    expect(evaluateConsent([consentWith(permit)], asked, optIn).kind).toBe('deny');
  });
});

describe('security label', () => {
  const label = (code: string, system = confidentiality) => ({ securityLabel: [{ system, code }] });
  const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
  table([
    ['its level', label('N'), 'holds'],
    ['a label it does not bear', label('PSY', actCode), 'does not hold'],
    ['a label it bears', label('PSY', actCode), 'holds', resource({ labels: [`${actCode}|PSY`] })],
    ['no label on it', label('N'), 'does not hold', resource({ labels: [] })],
    ['a label without code', { securityLabel: [{ display: 'secret' }] }, 'cannot be told'],
  ]);

  test.each([
    ['a permit up to restricted covers normal', 'permit', 'R', 'N', 'permit'],
    ['a permit up to normal does not cover restricted', 'permit', 'N', 'R', 'deny'],
    ['a deny from restricted leaves normal', 'deny', 'R', 'N', 'permit'],
    ['a deny from restricted covers very restricted', 'deny', 'R', 'V', 'deny'],
    ['the highest level on the resource counts', 'permit', 'N', 'N V', 'deny'],
  ] as const)('confidentiality is a high water mark: %s', (_, type, mark, levels, decision) => {
    const labels = levels.split(' ').map((level) => `${confidentiality}|${level}`);
    const consent = consentWith({ type, ...label(mark) });
    const policy = type === 'permit' ? optIn : optOut;
    expect(evaluateConsent([consent], { ...request, ...resource({ labels }) }, policy).kind).toBe(
      decision,
    );
  });
});

describe('data period', () => {
  const dataPeriod = (start?: string, end?: string) => ({
    dataPeriod: { ...(start && { start }), ...(end && { end }) },
  });
  table([
    ['around', dataPeriod('2026-03-01', '2026-03-31'), 'holds'],
    ['open end', dataPeriod('2026'), 'holds'],
    ['open start', dataPeriod(undefined, '2026-03-04'), 'holds'],
    ['before', dataPeriod('2025', '2025'), 'does not hold'],
    ['after', dataPeriod('2026-03-05'), 'does not hold'],
    ['partly', dataPeriod('2026-03'), 'cannot be told', resource({ date: '2026' })],
    ['a period within', dataPeriod('2026'), 'holds', resource({ date: '2026-03-01/2026-03-02' })],
    [
      'a period that runs on',
      dataPeriod('2026', '2026'),
      'cannot be told',
      resource({ date: '2026-03-01/' }),
    ],
    ['a date that is none', dataPeriod('2026'), 'cannot be told', resource({ date: 'spring' })],
  ]);

  test('a person or place is in no period of data; an undated record cannot be told', () => {
    const { date: _, ...undated } = request.resource;
    const consent = consentWith({ type: 'deny', ...dataPeriod('2019') });
    const person = { ...undated, resourceType: 'Patient', reference: 'Patient/123' };
    expect(evaluateConsent([consent], { ...request, resource: person }, optOut).kind).toBe(
      'permit',
    );
    expect(evaluateConsent([consent], { ...request, resource: undated }, optOut).kind).toBe('deny');
  });
});

describe('data', () => {
  const data = (meaning: string, reference: string) => ({
    data: [{ meaning, reference: { reference } }],
  });
  table([
    ['this instance', data('instance', 'Observation/o1'), 'holds'],
    ['another instance', data('instance', 'Observation/o2'), 'does not hold'],
    [
      'an instance that it refers to is not itself',
      data('instance', 'Encounter/e1'),
      'does not hold',
    ],
    ['what depends on an encounter', data('dependents', 'Encounter/e1'), 'holds'],
    ['what depends on another encounter', data('dependents', 'Encounter/e2'), 'does not hold'],
    ['dependents of this very instance', data('dependents', 'Observation/o1'), 'holds'],
    ['this instance and what it refers to', data('related', 'Observation/o1'), 'holds'],
    ['what another instance refers to', data('related', 'Task/t1'), 'cannot be told'],
    ['its author', data('authoredby', 'Practitioner/dr'), 'holds'],
    ['another author', data('authoredby', 'Practitioner/x'), 'does not hold'],
    ['an unresolved instance', data('instance', 'urn:uuid:5'), 'cannot be told'],
  ]);
});

test('every criterion present must match', () => {
  const both = {
    actor: actors('Organization/us'),
    class: [{ system: resourceTypes, code: 'Condition' }],
  };
  expect(evaluateConsent([consentWith({ type: 'deny', ...both })], request, optOut).kind).toBe(
    'permit',
  );
});
