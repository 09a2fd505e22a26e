import type { Resource } from './running-system.ts';

export const patient = (id: string, family: string): Resource => ({
  resourceType: 'Patient',
  id,
  name: [{ family, given: ['Ada'] }],
});

export const encounter = (id: string, subject: string, more: object = {}): Resource => ({
  resourceType: 'Encounter',
  id,
  status: 'finished',
  class: { system: 'http://terminology.hl7.org/CodeSystem/v3-ActCode', code: 'AMB' },
  subject: { reference: subject },
  ...more,
});

export const condition = (id: string, subject: string, code = '44054006'): Resource => ({
  resourceType: 'Condition',
  id,
  subject: { reference: subject },
  code: { coding: [{ system: 'http://snomed.info/sct', code, display: 'Diabetes' }] },
});
