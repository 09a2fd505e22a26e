export { type ConsentDecision, consent, consentDecision } from './consent.ts';
export { type FeedFailure, type FeedOptions, type FeedResult, feed } from './feed.ts';
export { generatePatients, type SeedPatient } from './generate.ts';
export { patientIdOf } from './identity.ts';
export { readNdjsonFolder } from './ndjson.ts';
export { type Random, seededRandom } from './random.ts';
export type { FhirResource } from './resource.ts';
export { SeedError } from './seed-error.ts';
export { generateShared } from './shared-resources.ts';
