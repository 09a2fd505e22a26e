import { compileExpansions, type ExpansionContext, forResource } from './compile-expansion.ts';
import { compileRow } from './compile-row.ts';
import type { EntityMapFile, ExpansionMapFile } from './map-language.ts';
import type { ExpansionMap, FhirResource, IdentifierTable, RootMap } from './map-pack.ts';
import { returnElements } from './return-elements.ts';
import { compileEach } from './source-reader.ts';
import { compileWriteback } from './write-back.ts';

/** The healthcare data model's own key columns. */
export const standardKeys = {
  id: 'msemr_azurefhirid',
  version: 'msemr_azurefhirversion',
  lastUpdated: 'msemr_azurefhirlastupdatedon',
} as const;

/** Compiles one root map with its enabled expansions. */
export function compileRoot(file: EntityMapFile, context: ExpansionContext): RootMap {
  const row = compileRow(file, { ...context, map: file.name });
  const keys = file.keys ?? standardKeys;
  const place = { resourceType: file.resource, parentTable: file.table };
  const compiled = compileExpansions(file, place, context);
  const identifierTable = compiled.flatMap(({ file: child, expansion }) =>
    identifierTableOf(child, expansion, file.resource),
  )[0];
  const patientColumn = typeof file.patient === 'object' ? file.patient.column : undefined;
  return {
    name: file.name,
    resourceType: file.resource,
    table: file.table,
    columns: row.columns,
    ...returnElements(file, context.expansions),
    idColumn: keys.id,
    versionColumn: keys.version,
    lastUpdatedColumn: keys.lastUpdated,
    ...(file.discriminator === undefined ? {} : { discriminator: file.discriminator }),
    ...(patientColumn === undefined ? {} : { patientColumn }),
    expansions: compiled.map(({ expansion }) => expansion),
    ...(identifierTable === undefined ? {} : { identifierTable }),
    patientReference: patientReader(file.patient, context.readReference),
    map: row.build,
    writeback: compileWriteback(file, row.build, context),
  };
}

function identifierTableOf(
  file: ExpansionMapFile,
  expansion: ExpansionMap,
  resourceType: string,
): readonly IdentifierTable[] {
  if (file.identifier === undefined) return [];
  const system = forResource('urn:oid:org.d365.mc4h.{resource}.id', resourceType);
  return [{ expansion, system, ...file.identifier }];
}

function patientReader(
  patient: EntityMapFile['patient'],
  readReference: ExpansionContext['readReference'],
): (resource: FhirResource) => string | undefined {
  if (patient === undefined) return () => undefined;
  if (patient === 'self') return ({ id }) => (id === undefined ? undefined : `Patient/${id}`);
  const readers = compileEach(patient.path, new Map([['', 0]]));
  return (resource) => {
    for (const reader of readers) {
      const elements = reader.single ? [reader.first([resource])] : reader.all([resource]);
      for (const element of elements) {
        const reference = readReference(element);
        if (reference?.kind === 'target' && reference.resourceType === 'Patient') {
          return `Patient/${reference.id}`;
        }
      }
    }
    return undefined;
  };
}
