import type { z } from 'zod';
import { checkMapFiles } from '../check-map-files.ts';
import { describeIssue } from '../describe-issue.ts';
import { type MapFileProblem, pointerStep } from '../map-file-problem.ts';
import type { MapFile, MapFiles } from '../map-files.ts';
import { entityMapSchema, expansionMapSchema, valueMapSchema } from '../map-language.ts';
import {
  type ExportDocument,
  type ExportRow,
  type ExportRows,
  flagOf,
  idOf,
  lookupOf,
  readExportRows,
  textOf,
} from './export-rows.ts';
import { type ImportedAttribute, importAttribute } from './import-attribute.ts';

/** A map file that was made from exported rows. */
export interface ImportedFile {
  /** Path below the maps folder. */
  readonly file: string;
  readonly content: Readonly<Record<string, unknown>>;
}

export interface ImportResult {
  readonly files: readonly ImportedFile[];
  /** What could not be taken over, at its place in the export, and what is wrong with a file that was made. */
  readonly problems: readonly MapFileProblem[];
}

const entityTable = 'msind_updateserviceentitymap';
const attributeTable = 'msind_updateserviceattributemap';

/**
 * Turns maps of the product (rows of `msind_updateserviceentitymap`,
 * `…attributemap` and `msind_attributevaluemap`, facts/healthcare-maps.md 1–3)
 * into map files. What has no counterpart is named and left out, never guessed.
 */
export function importMaps(documents: readonly ExportDocument[]): ImportResult {
  const rows = readExportRows(documents);
  const problems = [...rows.problems];
  const expansionIds = new Set(
    rows.attributes.flatMap((row) => lookupOf(row, 'msind_expansionentitymap').id ?? []),
  );
  const files: ImportedFile[] = [];
  for (const row of rows.entities) {
    const id = idOf(row, entityTable);
    const isExpansion =
      flagOf(row, 'msind_expand', 'msind_isexpand') === true ||
      (id !== undefined && expansionIds.has(id));
    files.push(...importEntity({ row, isExpansion }, rows, problems));
  }
  return { files, problems: [...problems, ...problemsOf(files)] };
}

interface EntityRow {
  readonly row: ExportRow;
  readonly isExpansion: boolean;
}

function importEntity(
  { row, isExpansion }: EntityRow,
  rows: ExportRows,
  problems: MapFileProblem[],
): readonly ImportedFile[] {
  const complain = (column: string, problem: string, remedy: string): readonly ImportedFile[] => {
    problems.push({ file: row.file, pointer: `${row.pointer}/${column}`, problem, remedy });
    return [];
  };
  const table = textOf(row, 'msind_entityname');
  const resource = resourceOf(row, 'msind_azurefhirresource', rows.resources);
  if (table === undefined) {
    return complain('msind_entityname', 'a map without a table', 'Export the column');
  }
  if (resource === undefined) {
    return complain(
      'msind_azurefhirresource',
      'a map whose FHIR resource is not known',
      'Export formatted values, or the rows of msind_azurefhirresource too',
    );
  }
  const parentLink = textOf(row, 'msind_parentlinkattribute');
  if (isExpansion && parentLink === undefined) {
    return complain(
      'msind_parentlinkattribute',
      'an expansion map without a parent link',
      'Set the Parent Link Attribute in the product, or add the column by hand',
    );
  }
  const name = mapNameOf(row, rows.entities);
  const attributes = attributesOf({ row, name }, rows, problems);
  const content = {
    $schema: '../map.schema.json',
    name,
    resource,
    table,
    ...(isExpansion ? { expand: true, parentLink } : {}),
    ...settingsOf(row),
    attributes: attributes.map(({ attribute }) => attribute),
  };
  const folder = isExpansion ? 'expansion' : 'entity';
  return [
    { file: `${folder}/${slug(name)}.json`, content },
    ...attributes.flatMap(({ values }) =>
      values === undefined ? [] : [{ file: `values/${values.name}.json`, content: { ...values } }],
    ),
  ];
}

/** The name of an entity map; a name that another map has too gets the table to tell them apart. */
export function mapNameOf(row: ExportRow, entities: readonly ExportRow[]): string {
  const name = (textOf(row, 'msind_name') ?? textOf(row, 'msind_entityname') ?? '').slice(0, 80);
  const same = entities.filter((other) => textOf(other, 'msind_name') === name);
  return same.length > 1 ? `${name} ${same.indexOf(row) + 1}` : name;
}

function attributesOf(
  { row, name }: { readonly row: ExportRow; readonly name: string },
  rows: ExportRows,
  problems: MapFileProblem[],
): readonly ImportedAttribute[] {
  const id = idOf(row, entityTable);
  return rows.attributes
    .filter((attribute) => {
      const parent = lookupOf(attribute, entityTable);
      return parent.id === undefined ? parent.name === textOf(row, 'msind_name') : parent.id === id;
    })
    .flatMap((attribute) => {
      const attributeId = idOf(attribute, attributeTable);
      const values = rows.values.filter(
        (value) => attributeId !== undefined && lookupOf(value, attributeTable).id === attributeId,
      );
      const expansion = expansionOf(attribute, rows.entities);
      const references = resourceOf(attribute, 'msind_fhirresourcereference', rows.resources);
      const place = { mapName: slug(name), values, expansion, references };
      return importAttribute(attribute, place, (problem) => problems.push(problem));
    });
}

function expansionOf(attribute: ExportRow, entities: readonly ExportRow[]): string | undefined {
  const { id, name } = lookupOf(attribute, 'msind_expansionentitymap');
  const target = entities.find((row) => id !== undefined && idOf(row, entityTable) === id);
  return target === undefined ? name : mapNameOf(target, entities);
}

function resourceOf(
  row: ExportRow,
  column: string,
  resources: readonly ExportRow[],
): string | undefined {
  const { id, name } = lookupOf(row, column);
  const known = resources.find(
    (one) => id !== undefined && idOf(one, 'msind_azurefhirresource') === id,
  );
  return (known === undefined ? undefined : textOf(known, 'msind_code')) ?? name;
}

function settingsOf(row: ExportRow): Readonly<Record<string, unknown>> {
  const messages = (textOf(row, 'msind_supportedmessages') ?? '').split(/[,;]\s*/);
  const supported = [
    ...(messages.some((one) => one === '440670000' || one === 'Create') ? ['Create'] : []),
    ...(messages.some((one) => one === '440670001' || one === 'Update') ? ['Update'] : []),
  ];
  return {
    ...(flagOf(row, 'msind_disabled') === true ? { disabled: true } : {}),
    ...(textOf(row, 'statecode') === '1' ? { archived: true } : {}),
    ...(flagOf(row, 'msind_writeback') === true ? { writeback: true } : {}),
    ...(supported.length > 0 ? { supportedMessages: supported } : {}),
  };
}

/** A name that may stand in a file name on every system. */
export function slug(name: string): string {
  return (
    name
      .replace(/([a-z])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'map'
  );
}

/** What the loader would say to the files, so that an import that looks done is done. */
function problemsOf(files: readonly ImportedFile[]): readonly MapFileProblem[] {
  const problems: MapFileProblem[] = [];
  const parsed = <T>(folder: string, schema: z.ZodType<T>): readonly MapFile<T>[] =>
    files
      .filter(({ file }) => file.startsWith(`${folder}/`))
      .flatMap(({ file, content }) => {
        const read = schema.safeParse(content);
        if (read.success) return [{ file, content: read.data }];
        for (const issue of read.error.issues) {
          problems.push({
            file,
            pointer: issue.path.map(pointerStep).join(''),
            ...describeIssue(issue),
          });
        }
        return [];
      });
  const mapFiles: MapFiles = {
    entities: parsed('entity', entityMapSchema),
    expansions: parsed('expansion', expansionMapSchema),
    values: parsed('values', valueMapSchema),
    packs: [],
  };
  return [...problems, ...checkMapFiles(mapFiles)];
}
