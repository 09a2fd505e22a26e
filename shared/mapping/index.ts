export {
  type CheckPackOptions,
  type CheckProblem,
  type CheckResult,
  checkPack,
  type FindTable,
} from './check/check-pack.ts';
export { tablesOf } from './check/tables-of.ts';
export { noSystem, textOnly } from './codeable-concept.ts';
export { type CompileOptions, compilePack } from './compile-pack.ts';
export { withRowsBelow } from './expanded-rows.ts';
export { expansionsBelow } from './expansions-below.ts';
export type { ExportDocument } from './import/export-rows.ts';
export { type ImportResult, importMaps } from './import/import-maps.ts';
export { isInUse } from './is-in-use.ts';
export { loadMapFiles, parseMapFiles } from './load-map-files.ts';
export { printMapFileProblem } from './map-file-problem.ts';
export { type MapFiles, packRoots } from './map-files.ts';
export { mapJsonSchema } from './map-language.ts';
export type {
  ChildPlace,
  ColumnValue,
  ConceptValue,
  ExpandedRow,
  ExpansionMap,
  FhirResource,
  IdentifierTable,
  MapPack,
  MapProblem,
  MapProblemCode,
  MappedRow,
  ReferenceValue,
  RootMap,
  RootPlace,
  Writeback,
  WritebackResult,
} from './map-pack.ts';
export { enabledByPack, fileOf, type Overlay } from './store/lay-over.ts';
export type { Editor } from './store/map-editing.ts';
export type { MapKind, MapName, MapVersion } from './store/map-log.ts';
export type { ExpansionState, MapStatus } from './store/map-status.ts';
export {
  createMapStore,
  type MapStore,
  type MapStoreOptions,
  type Trial,
} from './store/map-store.ts';
export { createPackSource, type PackSource } from './store/pack-source.ts';
export { loadPinnedPack, pinPack } from './store/pinned-packs.ts';
export type { MapRecordKey, MapStorage } from './store/storage.ts';
