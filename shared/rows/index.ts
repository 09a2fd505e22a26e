export * from './child-rows.ts';
export * from './child-trees.ts';
export { findDescendants } from './descendants.ts';
export { fhirKey } from './fhir-key.ts';
export { childrenOf, mapResource } from './map-resource.ts';
export { forgetLookups, resolveLookups } from './resolve-lookups.ts';
export { resolveTrees } from './resolve-trees.ts';
export { createRowDirectory, type RowDirectory } from './row-directory.ts';
export { type RowDraft, syncFlagColumn } from './row-draft.ts';
export { type RowResult, refusalProblem } from './row-result.ts';
export {
  byReference,
  type RowReader,
  rootQuery,
  rowsOf,
} from './row-snapshot.ts';
export { type CirclesOf, writeRows } from './write-rows.ts';
