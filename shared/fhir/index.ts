export type { FhirCapability } from './capability.ts';
export { createFhirClient, type FhirClient, type FhirClientOptions } from './client.ts';
export type { JsonPatchOperation, PatchResult, ResourcePatch } from './patch.ts';
export type { ReadResult } from './read.ts';
export {
  isResourceId,
  isResourceType,
  parseReference,
  type ResourceReference,
  referenceText,
  type VersionReference,
} from './reference.ts';
export { type FhirResource, isFhirResource, isRecord } from './resource.ts';
export { callFailure, isTransient } from './transport.ts';
export { createVersionCache, type VersionCache } from './version-cache.ts';
