export type {
  ConsentDecision,
  ConsentedResource,
  ConsentPolicy,
  ConsentRequest,
} from './contract.ts';
export { evaluateConsent } from './evaluate.ts';
export { patientOf, patientsOf } from './patient-of.ts';
export { patientSearches } from './patient-search.ts';
export { consentRequestResource } from './resource-facts.ts';
