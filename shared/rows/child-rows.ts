import {
  type DataverseClient,
  type DataverseOperation,
  type DataverseRow,
  type Row,
  rowIdFor,
  type Scalar,
} from '../dataverse/index.ts';
import type { ExpansionMap } from '../mapping/index.ts';
import { changedColumns, filledColumns } from './changed-columns.ts';
import { rowsOf } from './row-snapshot.ts';

/** Identifier systems under this root belong to Dataverse; the parent's own survives although FHIR may not list it yet. */
export const dataverseIdentifierRoot = 'urn:oid:org.d365.mc4h.';

export interface ChildParent {
  readonly rowId: string;
  /** What the rows of the resource should be, lookups resolved; the link to the parent is added here. */
  readonly desired: readonly Row[];
  readonly stored: readonly DataverseRow[];
}

export interface ChildPlan {
  readonly operations: readonly DataverseOperation[];
  /** The rows that stand for the wanted ones, by their matching columns. */
  readonly wanted: ReadonlyMap<string, { readonly id: string; readonly isNew: boolean }>;
  readonly removedIds: readonly string[];
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/**
 * Compares the child rows that one parent should have with those it has. Rows
 * match on the map's matching columns, or by the id that our row with these has. A
 * row that FHIR no longer lists is removed only if this product made it, which its
 * id proves: our child ids follow from parent and matching columns. Rows that
 * people or other programs added stay.
 */
export function planChildRows(expansion: ExpansionMap, parent: ChildParent): ChildPlan {
  const byKey = Map.groupBy(parent.stored, (row) => matchKey(expansion, row.values));
  const byId = new Map(parent.stored.map((row) => [row.id.toLowerCase(), row]));
  const operations: DataverseOperation[] = [];
  const counts = { added: 0, changed: 0, removed: 0 };
  const wanted = new Map<string, { readonly id: string; readonly isNew: boolean }>();
  const removedIds: string[] = [];
  for (const [key, row] of wantedRows(expansion, parent)) {
    const ownId = childRowId(expansion, parent.rowId, key);
    const existing = byId.get(ownId) ?? byKey.get(key)?.[0];
    wanted.set(key, { id: existing?.id ?? ownId, isNew: existing === undefined });
    const operation = existing
      ? updateChild(expansion, row, existing)
      : createChild(expansion, row, parent.rowId);
    if (operation === undefined) continue;
    operations.push(operation);
    counts[existing ? 'changed' : 'added'] += 1;
  }
  for (const row of parent.stored) {
    const key = matchKey(expansion, row.values);
    if (wanted.has(key) || !isOurs(expansion, parent.rowId, row)) continue;
    operations.push({ kind: 'delete', table: expansion.table, id: row.id, etag: row.etag });
    removedIds.push(row.id);
    counts.removed += 1;
  }
  return { operations, wanted, removedIds, ...counts };
}

/** By matching columns, each once: the first wins, as in the map. */
function wantedRows(
  expansion: ExpansionMap,
  { desired, rowId }: ChildParent,
): ReadonlyMap<string, Row> {
  const wanted = new Map<string, Row>();
  for (const row of desired) {
    const key = matchKey(expansion, row);
    if (!wanted.has(key) && !isForeign(expansion, row, rowId)) wanted.set(key, row);
  }
  return wanted;
}

/** Every child row that hangs on these parents, with what the plan needs to compare. */
export function childQuery(
  expansion: ExpansionMap,
  parentRowIds: readonly string[],
): DataverseOperation {
  return {
    kind: 'query',
    table: expansion.table,
    select: [...new Set([expansion.parentColumn, ...expansion.columns, ...expansion.matchOn])],
    filter: { column: expansion.parentColumn, in: parentRowIds },
  };
}

/** The child rows of these parents, by the id of the parent. */
export async function readChildRows(
  dataverse: Pick<DataverseClient, 'execute'>,
  expansion: ExpansionMap,
  parentRowIds: readonly string[],
): Promise<ReadonlyMap<string, readonly DataverseRow[]>> {
  if (parentRowIds.length === 0) return new Map();
  const [result] = await dataverse.execute([childQuery(expansion, parentRowIds)]);
  return Map.groupBy(rowsOf(result), ({ values }) => String(values[expansion.parentColumn]));
}

/** The id of the child row that this product makes for these matching values. */
export function childRowId(
  expansion: ExpansionMap,
  parentRowId: string,
  matchKeyText: string,
): string {
  return rowIdFor('child', expansion.name, parentRowId, matchKeyText);
}

/** The matching columns of a row as one text. */
export function matchKey(
  expansion: ExpansionMap,
  values: Readonly<Record<string, unknown>>,
): string {
  return JSON.stringify(expansion.matchOn.map((column) => plain(values[column])));
}

function createChild(expansion: ExpansionMap, row: Row, parentRowId: string): DataverseOperation {
  const parent = { lookup: { table: expansion.parentTable, id: parentRowId } };
  return {
    kind: 'create',
    table: expansion.table,
    id: childRowId(expansion, parentRowId, matchKey(expansion, row)),
    row: { ...filledColumns(row), [expansion.parentColumn]: parent },
  };
}

function updateChild(
  expansion: ExpansionMap,
  row: Row,
  existing: DataverseRow,
): DataverseOperation | undefined {
  const changes = changedColumns(row, existing);
  if (Object.keys(changes).length === 0) return undefined;
  return {
    kind: 'update',
    table: expansion.table,
    id: existing.id,
    etag: existing.etag,
    row: changes,
  };
}

function isOurs(expansion: ExpansionMap, parentRowId: string, row: DataverseRow): boolean {
  const ours = childRowId(expansion, parentRowId, matchKey(expansion, row.values));
  return row.id.toLowerCase() === ours && identifies(expansion, row.values) !== parentRowId;
}

/** An identifier of Dataverse that names another row than the parent: the write-back corrects it in FHIR. */
function isForeign(expansion: ExpansionMap, values: Values, parentRowId: string): boolean {
  const named = identifies(expansion, values);
  return named !== undefined && named !== parentRowId;
}

/** The row that an identifier of Dataverse names; undefined for rows that are no such identifier. */
function identifies(expansion: ExpansionMap, values: Values): string | undefined {
  const texts = expansion.matchOn.map((column) => String(values[column] ?? ''));
  const system = texts.findIndex((text) => text.startsWith(dataverseIdentifierRoot));
  return system < 0 ? undefined : texts.find((_, index) => index !== system)?.toLowerCase();
}

type Values = Readonly<Record<string, unknown>>;

/** A value as it compares: lookups by id, no difference between none and empty. */
function plain(value: unknown): Scalar {
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'object' && 'lookup' in value) return lookupId(value.lookup);
  return typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}

function lookupId(lookup: unknown): string | null {
  const known = typeof lookup === 'object' && lookup !== null && 'id' in lookup;
  return known ? String(lookup.id).toLowerCase() : null;
}
