export * from './child-rows.ts';
export { fhirKey } from './fhir-key.ts';
export { forgetLookups, type ResolvedLookups, resolveLookups } from './resolve-lookups.ts';
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
