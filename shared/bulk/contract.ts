/**
 * Whole-service export and import: the FHIR `$export` operation (Bulk Data Access IG, STU1 to
 * STU4, and the way Azure Health Data Services departs from it), the `$import` operation of Azure
 * Health Data Services, and the files that go between them. What the servers really do, with
 * sources: facts/migration.md sections 2 and 3.
 *
 * Everything is thrown as AppError with texts that hold no clinical data: no text of a server, no
 * line of a file, ever.
 */

export type * from './blob-contract.ts';
export type * from './export-contract.ts';
export type * from './fallback-contract.ts';
export type * from './file-contract.ts';
export type * from './import-contract.ts';
