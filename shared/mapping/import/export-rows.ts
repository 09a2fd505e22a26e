import type { MapFileProblem } from '../map-file-problem.ts';
import { pointerStep } from '../map-file-problem.ts';
import { isRecord } from '../record.ts';

/** A JSON document as exported, and what to call it in problems. */
export interface ExportDocument {
  readonly file: string;
  readonly json: unknown;
}

/** One exported row, and where it stood. */
export interface ExportRow {
  readonly file: string;
  readonly pointer: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ExportRows {
  readonly entities: readonly ExportRow[];
  readonly attributes: readonly ExportRow[];
  readonly values: readonly ExportRow[];
  readonly resources: readonly ExportRow[];
  readonly problems: readonly MapFileProblem[];
}

type Kind = 'entities' | 'attributes' | 'values' | 'resources';

/**
 * Finds the rows of the product's map tables in exported documents: an OData
 * answer (`{ value: [...] }`), a bare array, or an object of arrays by table.
 * A row is known by its columns, so that file names do not matter.
 */
export function readExportRows(documents: readonly ExportDocument[]): ExportRows {
  const rows: Record<Kind, ExportRow[]> = {
    ...{ entities: [], attributes: [], values: [], resources: [] },
  };
  const problems: MapFileProblem[] = [];
  for (const { file, json } of documents) {
    const found = listsIn(json).flatMap(([pointer, list]) =>
      list.map((fields, index) => ({ file, pointer: `${pointer}/${index}`, fields })),
    );
    for (const { pointer, fields } of found) {
      const kind = isRecord(fields) ? kindOf(fields) : undefined;
      if (isRecord(fields) && kind !== undefined) rows[kind].push({ file, pointer, fields });
      else problems.push(strangeRow(file, pointer));
    }
    if (found.length === 0) problems.push(noRows(file));
  }
  return { ...rows, problems };
}

function listsIn(json: unknown): readonly (readonly [string, readonly unknown[]])[] {
  if (Array.isArray(json)) return [['', json]];
  if (!isRecord(json)) return [];
  return Object.entries(json).flatMap(([key, value]) =>
    Array.isArray(value) ? [[pointerStep(key), value] as const] : [],
  );
}

function kindOf(fields: Readonly<Record<string, unknown>>): Kind | undefined {
  if ('msind_azurefhirvalue' in fields || 'msind_staticvalue' in fields) return 'values';
  if ('msind_cdsattributename' in fields) return 'attributes';
  if ('msind_entityname' in fields) return 'entities';
  return 'msind_code' in fields ? 'resources' : undefined;
}

function strangeRow(file: string, pointer: string): MapFileProblem {
  return {
    ...{ file, pointer, problem: 'a row of no map table' },
    remedy: 'Export entity maps, attribute maps, attribute value maps and FHIR resources only',
  };
}

function noRows(file: string): MapFileProblem {
  return {
    ...{ file, pointer: '', problem: 'the file holds no rows' },
    remedy: 'Give the answer of the Web API ({ "value": [...] }) or an array of rows',
  };
}

/** The text of a column; undefined when it is absent or empty. */
export function textOf({ fields }: ExportRow, ...columns: readonly string[]): string | undefined {
  for (const column of columns) {
    const value = fields[column];
    if (typeof value === 'string' && value.trim() !== '') return value.trim();
    if (typeof value === 'number') return String(value);
  }
  return undefined;
}

/** A yes/no column, as the Web API (true) or a spreadsheet (Yes) gives it. */
export function flagOf({ fields }: ExportRow, ...columns: readonly string[]): boolean | undefined {
  const value = columns.map((column) => fields[column]).find((one) => one !== undefined);
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  return ['true', 'yes', '1'].includes(String(value).toLowerCase());
}

const label = '@OData.Community.Display.V1.FormattedValue';

/** What a lookup column holds: the id of the other row and its name, as far as the export has them. */
export function lookupOf(
  row: ExportRow,
  column: string,
): { readonly id: string | undefined; readonly name: string | undefined } {
  const key = `_${column}_value`;
  return {
    id: textOf(row, key)?.toLowerCase(),
    name: textOf(row, `${key}${label}`, `${column}${label}`, column),
  };
}

/** The label of a choice column: as formatted by the Web API, or as written by hand. */
export function labelOf(row: ExportRow, column: string): string | undefined {
  return textOf(row, `${column}${label}`, column);
}

/** The id of the row itself. */
export function idOf(row: ExportRow, table: string): string | undefined {
  return textOf(row, `${table}id`)?.toLowerCase();
}
