export { noSystem, textOnly } from './codeable-concept.ts';
export { type CompileOptions, compilePack } from './compile-pack.ts';
export { loadMapFiles } from './load-map-files.ts';
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
