import type { ConsentPolicy, ConsentRequest } from '../../../shared/consent/index.ts';

export const consentAction = 'http://terminology.hl7.org/CodeSystem/consentaction';
export const actReason = 'http://terminology.hl7.org/CodeSystem/v3-ActReason';
export const confidentiality = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
export const resourceTypes = 'http://hl7.org/fhir/resource-types';
export const consentScope = 'http://terminology.hl7.org/CodeSystem/consentscope';

export const request: ConsentRequest = {
  patient: 'Patient/123',
  recipients: ['Organization/us'],
  purposes: [`${actReason}|TREAT`],
  action: `${consentAction}|disclose`,
  resource: {
    resourceType: 'Observation',
    reference: 'Observation/o1',
    codes: ['http://loinc.org|4548-4'],
    labels: [`${confidentiality}|N`],
    profiles: [],
    date: '2026-03-04T10:00:00Z',
    references: ['Patient/123', 'Encounter/e1'],
    authors: ['Practitioner/dr'],
  },
  at: '2026-11-21T12:00:00Z',
};

export const optOut: ConsentPolicy = {
  defaultDecision: 'permit',
  scopes: [],
  categories: [],
  conflict: 'deny-overrides',
};
export const optIn: ConsentPolicy = { ...optOut, defaultDecision: 'deny' };

/** An active consent of the patient; `provision` is its root. */
export function consentWith(
  provision: Record<string, unknown> | undefined,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    resourceType: 'Consent',
    id: 'c1',
    meta: { versionId: '4' },
    status: 'active',
    scope: { coding: [{ system: consentScope, code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: 'Patient/123' },
    dateTime: '2026-01-01',
    ...(provision === undefined ? {} : { provision }),
    ...changes,
  };
}

export function actors(...references: readonly string[]) {
  return references.map((reference) => ({
    role: { coding: [{ code: 'IRCP' }] },
    reference: { reference },
  }));
}
