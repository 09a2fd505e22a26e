import type { Consent } from '@medplum/fhirtypes';
import { uuidOf } from './identity.ts';
import { concept, type Identified, systems, terminology } from './resource.ts';

export type ConsentDecision = 'permit' | 'deny' | 'absent';

/** 14 permits, 3 denials and 3 without any Consent in every 20 patients, mixed so that small runs see all three. */
const pattern = [
  ...['permit', 'permit', 'deny', 'permit', 'permit', 'absent', 'permit', 'permit', 'permit'],
  ...['deny', 'permit', 'permit', 'absent', 'permit', 'permit', 'permit', 'deny', 'permit'],
  ...['permit', 'absent'],
] as const;

/** What the patient at this place (from 0) has decided. */
export function consentDecision(index: number): ConsentDecision {
  return pattern[index % pattern.length] ?? 'absent';
}

/** An R4 privacy Consent with the decision at its root, as practice has it (facts dataverse-and-events C). */
export function consent(patientId: string, decision: 'permit' | 'deny'): Identified<Consent> {
  const optIn = decision === 'permit';
  return {
    resourceType: 'Consent',
    id: uuidOf('Consent', patientId),
    status: 'active',
    scope: terminology('consentscope', ['patient-privacy', 'Privacy Consent']),
    category: [concept(systems.loinc, ['59284-0', 'Patient Consent'])],
    patient: { reference: `Patient/${patientId}` },
    dateTime: '2024-01-15T10:30:00Z',
    policyRule: concept(systems.actCode, optIn ? ['OPTIN', 'opt-in'] : ['OPTOUT', 'opt-out']),
    provision: { type: decision, period: { start: '2024-01-15', end: '2099-12-31' } },
  };
}
