import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  type ConsentPolicy,
  type ConsentRequest,
  evaluateConsent,
} from '../../../shared/consent/index.ts';
import {
  actors,
  actReason,
  consentWith,
  optOut,
  request,
  resourceTypes,
} from './sample-consents.ts';

const date = fc.constantFrom('2020', '2026-01', '2026-11-21', '2026-11-21T12:00:00Z', '2030-01-01');
const period = fc.record({ start: date, end: date }, { requiredKeys: [] });
const reference = fc.constantFrom('Organization/us', 'Organization/x', '#in', 'urn:uuid:1');

const criteria = {
  type: fc.constantFrom('permit', 'deny'),
  period,
  actor: fc.array(reference, { minLength: 1, maxLength: 2 }).map((list) => actors(...list)),
  purpose: fc.constantFrom('TREAT', 'HRESCH').map((code) => [{ system: actReason, code }]),
  class: fc
    .constantFrom('Observation', 'Condition')
    .map((code) => [{ system: resourceTypes, code }]),
  dataPeriod: period,
};

const { provision } = fc.letrec<{ provision: Record<string, unknown> }>((tie) => ({
  provision: fc.record(
    {
      ...criteria,
      provision: fc.array(tie('provision'), { maxLength: 2 }),
    },
    { requiredKeys: [] },
  ),
}));

const consent = fc
  .tuple(
    fc.option(provision, { nil: undefined }),
    fc.record(
      {
        id: fc.constantFrom('a', 'b', 'c'),
        status: fc.constantFrom('active', 'active', 'active', 'inactive', 'rejected'),
        dateTime: date,
        patient: fc.constantFrom(
          { reference: 'Patient/123' },
          { reference: 'Patient/9' },
          { display: 'someone' },
        ),
        policyRule: fc.constantFrom('OPTIN', 'OPTOUT').map((code) => ({
          coding: [{ system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code }],
        })),
      },
      { requiredKeys: [] },
    ),
    fc.nat(9).map((number) => number === 0),
  )
  .map(([root, changes, isModified]) =>
    consentWith(root, { ...changes, ...(isModified && { modifierExtension: [{ url: 'urn:x' }] }) }),
  );

const policy: fc.Arbitrary<ConsentPolicy> = fc.record({
  defaultDecision: fc.constantFrom('permit' as const, 'deny' as const),
  scopes: fc.constantFrom([], ['patient-privacy'], ['research']),
  categories: fc.constantFrom([], ['http://loinc.org|59284-0']),
  conflict: fc.constantFrom('deny-overrides' as const, 'latest-wins' as const),
});

const asked: fc.Arbitrary<ConsentRequest> = fc
  .record(
    {
      recipients: fc.constantFrom([], ['Organization/us'], ['Organization/us', 'Organization/x']),
      at: fc.constantFrom('2026-11-21T12:00:00Z', '2025-01-01T00:00:00Z'),
    },
    { requiredKeys: [] },
  )
  .map((changes) => ({ ...request, ...changes }));

const runs = { numRuns: 400 };

test('under deny-overrides one more consent never turns a deny of a consent into a permit', () => {
  fc.assert(
    fc.property(
      fc.array(consent, { maxLength: 4 }),
      consent,
      asked,
      policy,
      (consents, more, ask, how) => {
        const rule = { ...how, conflict: 'deny-overrides' } as const;
        const before = evaluateConsent(consents, ask, rule);
        const after = evaluateConsent([...consents, more], ask, rule);
        if (before.kind === 'deny' && before.basis !== 'default') {
          expect(after.kind).toBe('deny');
        }
      },
    ),
    runs,
  );
});

test('a matching active deny denies, whatever else is there', () => {
  fc.assert(
    fc.property(fc.array(consent, { maxLength: 4 }), asked, policy, (consents, ask, how) => {
      const rule = { ...how, scopes: [], categories: [], conflict: 'deny-overrides' } as const;
      const deny = consentWith({ type: 'deny' });
      expect(evaluateConsent([...consents, deny], ask, rule).kind).toBe('deny');
    }),
    runs,
  );
});

test('the order of consents does not matter, nor does reading one twice', () => {
  const several = fc.array(consent, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(
      several.chain((list) =>
        fc.tuple(
          fc.constant(list),
          fc.shuffledSubarray([...list, ...list.slice(0, 1)], { minLength: list.length + 1 }),
        ),
      ),
      asked,
      policy,
      ([consents, shuffled], ask, how) => {
        expect(evaluateConsent(shuffled, ask, how)).toEqual(evaluateConsent(consents, ask, how));
      },
    ),
    runs,
  );
});

test('what is permitted without knowing who we are is permitted to any stranger', () => {
  fc.assert(
    fc.property(fc.array(provision, { maxLength: 3 }), policy, (roots, how) => {
      const consents = roots.map((root) => consentWith(root));
      const anonymous = { ...request, recipients: [] };
      const decision = evaluateConsent(consents, anonymous, { ...how, defaultDecision: 'deny' });
      if (decision.kind === 'permit') {
        const stranger = { ...request, recipients: ['Organization/never-named'] };
        expect(evaluateConsent(consents, stranger, { ...how, defaultDecision: 'deny' }).kind).toBe(
          'permit',
        );
      }
    }),
    runs,
  );
});

test('whatever is in the list, evaluation ends in a decision and never throws', () => {
  const nearly = fc.oneof(
    fc.anything(),
    fc.dictionary(fc.string(), fc.anything()).map((extra) => consentWith(extra)),
    fc
      .dictionary(fc.string(), fc.anything())
      .map((extra) => consentWith({ type: 'permit' }, extra)),
    fc.anything().map((value) => consentWith({ type: 'permit', period: value, data: value })),
  );
  fc.assert(
    fc.property(fc.array(nearly, { minLength: 1 }), (consents) => {
      const { kind, basis } = evaluateConsent(consents, request, optOut);
      expect(['permit', 'deny']).toContain(kind);
      expect(['consent', 'default', 'unreadable']).toContain(basis);
    }),
    runs,
  );
});

test('a decision repeats nothing clinical', () => {
  const canary = 'CANARY-HIV';
  const consents = [
    consentWith({ type: 'deny', code: [{ coding: [{ code: canary }], text: canary }] }),
    consentWith({ type: canary }, { id: `${canary} in an id`, meta: { versionId: 'x y' } }),
  ];
  const ask = { ...request, resource: { ...request.resource, codes: [canary] } };
  for (const each of [consents, consents.slice(0, 1), consents.slice(1)]) {
    expect(JSON.stringify(evaluateConsent(each, ask, optOut))).not.toContain('CANARY');
  }
});
