export {
  type CheckPackOptions,
  type CheckProblem,
  type CheckResult,
  checkPack,
  type FindTable,
} from './check/check-pack.ts';
export { noSystem, textOnly } from './codeable-concept.ts';
export { type CompileOptions, compilePack } from './compile-pack.ts';
export type { ExportDocument } from './import/export-rows.ts';
export { type ImportResult, importMaps } from './import/import-maps.ts';
export { loadMapFiles, parseMapFiles } from './load-map-files.ts';
export { printMapFileProblem } from './map-file-problem.ts';
export { type MapFiles, packRoots } from './map-files.ts';
export { mapJsonSchema } from './map-language.ts';
export type {
  ColumnValue,
  ConceptValue,
  ExpansionMap,
  FhirResource,
  IdentifierTable,
  MapPack,
  MapProblem,
  MapProblemCode,
  MappedRow,
  ReferenceValue,
  RootMap,
  Writeback,
  WritebackResult,
} from './map-pack.ts';
export {
  createMapStore,
  type EnabledMap,
  type MapStatus,
  type MapStore,
  type MapStoreOptions,
} from './store/map-store.ts';
export { loadPinnedPack, pinPack } from './store/pinned-packs.ts';
export type { MapRecordKey, MapStorage } from './store/storage.ts';
export type { MapKind, MapName, MapVersion } from './store/versions.ts';
