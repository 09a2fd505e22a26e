import { describe, expect, test } from 'vitest';
import { evaluateConsent } from '../../../shared/consent/index.ts';
import {
  actors,
  actReason,
  consentScope,
  consentWith,
  optIn,
  optOut,
  request,
} from './sample-consents.ts';

const actCode = 'http://terminology.hl7.org/CodeSystem/v3-ActCode';
const policyRule = (code: string, system = actCode) => ({
  policyRule: { coding: [{ system, code }] },
});

describe('without an applicable consent the default holds', () => {
  test.each([optOut, optIn])('$defaultDecision', (policy) => {
    expect(evaluateConsent([], request, policy)).toEqual({
      kind: policy.defaultDecision,
      basis: 'default',
    });
  });
});

test('a decision names the consent, its version and the rule, and nothing else', () => {
  expect(evaluateConsent([consentWith({ type: 'deny' })], request, optOut)).toEqual({
    kind: 'deny',
    basis: 'consent',
    consentId: 'c1',
    consentVersion: '4',
    rulePath: 'provision',
  });
});

describe('status', () => {
  test.each(['draft', 'proposed', 'rejected', 'inactive', 'entered-in-error'])(
    '%s consents have no say, even when they could not be read',
    (status) => {
      const consents = [
        consentWith({ type: 'deny' }, { status }),
        consentWith({ type: 'nonsense' }, { status }),
      ];
      expect(evaluateConsent(consents, request, optOut)).toEqual({
        kind: 'permit',
        basis: 'default',
      });
    },
  );

  test.each([undefined, null, 'Active', 7])('a status of %s is unreadable', (status) => {
    const consent = consentWith({ type: 'permit' }, { status });
    expect(evaluateConsent([consent], request, optOut)).toMatchObject({
      kind: 'deny',
      basis: 'unreadable',
    });
  });
});

describe('patient', () => {
  test.each([
    ['another patient', { reference: 'Patient/124' }, 'default'],
    ['a version of the patient', { reference: 'Patient/123/_history/1' }, 'consent'],
    [
      'an address that may be the patient',
      { reference: 'https://f.example/Patient/123' },
      'consent',
    ],
    ['an identifier', { identifier: { value: '123' } }, 'consent'],
    ['nobody', undefined, 'consent'],
  ])('a deny of %s', (_, patient, basis) => {
    const consent = consentWith({ type: 'deny' }, { patient });
    expect(evaluateConsent([consent], request, optOut).basis).toBe(basis);
  });

  test('a permit of somebody unknown has no effect', () => {
    const consent = consentWith({ type: 'permit' }, { patient: undefined });
    expect(evaluateConsent([consent], request, optIn)).toEqual({ kind: 'deny', basis: 'default' });
  });

  test("another patient's unreadable consent has no effect", () => {
    const consent = consentWith({ typo: 1 }, { patient: { reference: 'Patient/124' } });
    expect(evaluateConsent([consent], request, optOut).kind).toBe('permit');
  });
});

describe('scope and category', () => {
  const scoped = { ...optOut, scopes: ['patient-privacy'] };
  const categorised = { ...optOut, categories: ['http://loinc.org|59284-0'] };
  test.each([
    ['the configured scope counts', scoped, {}, 'deny'],
    [
      'its full name counts',
      { ...optOut, scopes: [`${consentScope}|patient-privacy`] },
      {},
      'deny',
    ],
    ['another scope does not', scoped, { scope: { coding: [{ code: 'research' }] } }, 'permit'],
    ['a scope in words cannot be told', scoped, { scope: { text: 'privacy' } }, 'deny'],
    ['no scope cannot be told', scoped, { scope: undefined }, 'deny'],
    ['the configured category counts', categorised, {}, 'deny'],
    [
      'another category does not',
      categorised,
      { category: [{ coding: [{ system: 'http://loinc.org', code: '1' }] }] },
      'permit',
    ],
    [
      'one of several is enough',
      categorised,
      {
        category: [
          { coding: [{ code: 'x' }] },
          { coding: [{ system: 'http://loinc.org', code: '59284-0' }] },
        ],
      },
      'deny',
    ],
    ['no category cannot be told', categorised, { category: undefined }, 'deny'],
  ])('%s', (_, policy, changes, kind) => {
    expect(evaluateConsent([consentWith({ type: 'deny' }, changes)], request, policy).kind).toBe(
      kind,
    );
  });
});

describe('base', () => {
  test.each([
    ['OPTIN', 'permit'],
    ['OPTOUT', 'deny'],
  ])('the policy rule %s means %s when the root has no type', (code, kind) => {
    const other = kind === 'permit' ? optIn : optOut;
    for (const root of [undefined, {}, { actor: actors('Organization/us') }]) {
      expect(evaluateConsent([consentWith(root, policyRule(code))], request, other)).toMatchObject({
        kind,
        basis: 'consent',
        rulePath: 'policyRule',
      });
    }
  });

  test('the type at the root goes before the policy rule', () => {
    const consent = consentWith({ type: 'deny' }, policyRule('OPTIN'));
    expect(evaluateConsent([consent], request, optOut).kind).toBe('deny');
  });

  test('a policy rule that says both denies', () => {
    const consent = consentWith(undefined, {
      policyRule: { coding: ['OPTIN', 'OPTOUT'].map((code) => ({ system: actCode, code })) },
    });
    expect(evaluateConsent([consent], request, optOut).kind).toBe('deny');
  });

  test('with neither, or a policy rule of another system, there is no decision', () => {
    const consents = [
      consentWith({}),
      consentWith({}, policyRule('OPTOUT', 'urn:x')),
      consentWith(undefined),
    ];
    expect(evaluateConsent(consents, request, optOut).basis).toBe('default');
    expect(evaluateConsent(consents, request, optIn).basis).toBe('default');
  });

  test('criteria of the root that do not match make the whole consent not applicable', () => {
    const consent = consentWith({
      type: 'permit',
      actor: actors('Organization/x'),
      provision: [{ type: 'deny' }],
    });
    expect(evaluateConsent([consent], request, optOut).basis).toBe('default');
  });
});

describe('several consents', () => {
  const permit = (dateTime?: string) => consentWith({ type: 'permit' }, { id: 'yes', dateTime });
  const deny = (dateTime?: string) => consentWith({ type: 'deny' }, { id: 'no', dateTime });
  const latestWins = { ...optOut, conflict: 'latest-wins' } as const;
  test.each([
    ['deny overrides an earlier permit', optOut, permit('2025'), deny('2026'), 'no'],
    ['deny overrides a later permit', optOut, permit('2026'), deny('2025'), 'no'],
    ['the latest wins: permit', latestWins, permit('2026'), deny('2025'), 'yes'],
    ['the latest wins: deny', latestWins, permit('2025'), deny('2026'), 'no'],
    ['same day: deny', latestWins, permit('2026-01-01'), deny('2026-01-01'), 'no'],
    [
      'a permit within the day of the deny is not later for certain',
      latestWins,
      permit('2026-01-01T12:00:00Z'),
      deny('2026-01-01'),
      'no',
    ],
    [
      'zones are heeded',
      latestWins,
      permit('2026-01-01T00:30:00+01:00'),
      deny('2025-12-31T23:00:00Z'),
      'yes',
    ],
    ['an undated permit never wins', latestWins, permit(), deny('2020'), 'no'],
    ['an undated deny never loses', latestWins, permit('2026'), deny(), 'no'],
  ])('%s', (_, policy, one, other, decidedBy) => {
    expect(evaluateConsent([one, other], request, policy).consentId).toBe(decidedBy);
    expect(evaluateConsent([other, one], request, policy).consentId).toBe(decidedBy);
  });

  test('a deny that is not applicable does not override', () => {
    const notOurs = consentWith({ type: 'deny', actor: actors('Organization/x') }, { id: 'no' });
    expect(evaluateConsent([permit(), notOurs], request, optIn).consentId).toBe('yes');
  });
});

test('the purpose of the request decides between two consents', () => {
  const research = consentWith({ type: 'deny', purpose: [{ system: actReason, code: 'HRESCH' }] });
  const treatment = consentWith({
    type: 'permit',
    purpose: [{ system: actReason, code: 'TREAT' }],
  });
  const both = [research, treatment];
  expect(evaluateConsent(both, request, optIn).kind).toBe('permit');
  const asked = { ...request, purposes: [`${actReason}|HRESCH`] };
  expect(evaluateConsent(both, asked, optIn).kind).toBe('deny');
});
