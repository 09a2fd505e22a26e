import type { ApiContext } from './api-context.ts';
import { requireUnique } from './duplicates/require-unique.ts';
import { partitionColumn } from './elastic/elastic-columns.ts';
import { type ElasticPlace, storedId } from './elastic/partition.ts';
import { noPayload, type RowEvent } from './events/row-event.ts';
import type { Table } from './model.ts';
import type { Payload } from './payload.ts';
import { type Row, type RowValues, type Scalar, targetMember } from './row.ts';
import type { WriteMark } from './row-store.ts';
import { requireAccess, requireLinks, requirePrivilege } from './security/authorize.ts';
import { businessUnitId } from './system-tables.ts';
import { secondText } from './time-text.ts';

export type Writer = Pick<
  ApiContext,
  | 'model'
  | 'store'
  | 'agent'
  | 'caller'
  | 'detectsDuplicates'
  | 'now'
  | 'events'
  | 'memory'
  | 'call'
  | 'frame'
  | 'bulk'
>;

function apply(before: RowValues, changes: ReadonlyMap<string, Scalar | null>): RowValues {
  const values: Record<string, Scalar> = { ...before };
  for (const [name, value] of changes) {
    if (value === null) {
      delete values[name];
    } else {
      values[name] = value;
    }
  }
  return values;
}

/** Columns that Dataverse works out itself. */
function derived(table: Table, values: RowValues): RowValues {
  if (table.name !== 'contact') {
    return values;
  }
  const { firstname, lastname } = values;
  const fullname = [firstname, lastname].filter((part) => part !== undefined).join(' ');
  return fullname === '' ? values : { ...values, fullname };
}

function hasOption(table: Table, column: string, value: number): boolean {
  return table.columns.get(column)?.options?.has(value) ?? false;
}

/** Only where a table has the plain pair of reasons do they follow from the state. */
function followState(table: Table, payload: Payload): ReadonlyMap<string, Scalar | null> {
  const state = payload.values.get('statecode');
  const isPlain = table.columns.get('statuscode')?.options?.size === 2;
  if (!isPlain || payload.values.has('statuscode') || typeof state !== 'number') {
    return payload.values;
  }
  return new Map([...payload.values, ['statuscode', state + 1]]);
}

/** The business unit of a row is its owner's. */
function unitOfOwner({ model, store, caller }: Writer, values: RowValues): string {
  const owner = String(values['ownerid'] ?? '');
  if (owner === caller.userId) {
    return caller.businessUnitId;
  }
  const table = model.tables.get(values['ownerid@t'] === 'team' ? 'team' : 'systemuser');
  const unit = table && store.get(table, owner)?.values['businessunitid'];
  return unit === undefined ? businessUnitId : String(unit);
}

function markOf({ agent, now, caller, call }: Writer, columns: readonly string[]): WriteMark {
  return { agent, at: now, columns, userId: caller.userId, tag: call.tag };
}

/** The row as scripted plug-ins left it. */
function newest({ store }: Writer, table: Table, row: Row): Row {
  return store.get(table, row.id) ?? row;
}

/** Most callers act for themselves: their rows are spared a copy. */
function onBehalf({ caller: { onBehalfBy } }: Writer, values: RowValues): RowValues {
  return onBehalfBy === undefined
    ? values
    : { ...values, createdonbehalfby: onBehalfBy, modifiedonbehalfby: onBehalfBy };
}

/**
 * Writes a new row. Throws 403 when the caller's roles do not allow it and 412
 * for an id or a key value that is taken, or a duplicate when those are looked for.
 */
export function createRow(writer: Writer, table: Table, payload: Payload, id?: string): Row {
  requirePrivilege(writer.caller, 'Create', table);
  requireLinks(writer, table, payload.values);
  const ownId = payload.values.get(table.primaryId);
  const givenId = id ?? (typeof ownId === 'string' ? ownId : writer.memory.newId());
  const rowId = table.type === 'Elastic' ? storedId(placeOf(payload, givenId)) : givenId;
  const event: RowEvent = { message: 'Create', table, id: rowId, before: undefined, payload };
  const ruling = writer.events.before(writer, event);
  const values = newValues(writer, table, ruling.payload, givenId);
  requireUnique(writer, table, { id: rowId, values });
  const mark = markOf(writer, ruling.payload.columns);
  const row = writer.store.insert(table, { id: rowId, values }, mark);
  const done = { ...event, payload: ruling.payload, after: row };
  writer.events.after(writer, done, {
    ...ruling,
    update: (deeper, more) => updateRow(deeper, table, newest(writer, table, row), more),
  });
  return ruling.struck.length > 0 ? newest(writer, table, row) : row;
}

function newValues(writer: Writer, table: Table, payload: Payload, id: string): RowValues {
  const { userId } = writer.caller;
  const at = secondText(writer.now);
  const [firstReason] = table.columns.get('statuscode')?.options?.keys() ?? [];
  const defaults: RowValues = {
    statecode: 0,
    statuscode: [0, 1].find((code) => hasOption(table, 'statuscode', code)) ?? firstReason ?? 1,
    createdon: String(payload.values.get('overriddencreatedon') ?? at),
    modifiedon: at,
    createdby: userId,
    modifiedby: userId,
    ownerid: userId,
    'ownerid@t': 'systemuser',
    owningbusinessunit: writer.caller.businessUnitId,
  };
  const changes = new Map(followState(table, payload));
  changes.delete(table.primaryId);
  const given = derived(table, apply(onBehalf(writer, defaults), changes));
  const values: RowValues = changes.has('ownerid')
    ? { ...given, owningbusinessunit: unitOfOwner(writer, given) }
    : given;
  if (table.type !== 'Elastic') {
    return values;
  }
  return { ...values, [table.primaryId]: id, [partitionColumn]: values[partitionColumn] ?? id };
}

/** Where a new elastic row is put. */
function placeOf(payload: Payload, id: string): ElasticPlace {
  return { id, partitionId: String(payload.values.get(partitionColumn) ?? id) };
}

/**
 * Upsert of an elastic row: what was there is replaced whole, and it raises
 * neither Create nor Update (facts A11).
 */
export function overwriteRow(
  writer: Writer,
  table: Table,
  { place, payload }: { readonly place: ElasticPlace; readonly payload: Payload },
): { readonly row: Row; readonly isNew: boolean } {
  const id = storedId(place);
  const found = writer.store.get(table, id);
  requirePrivilege(writer.caller, 'Create', table);
  if (found !== undefined) {
    requireAccess(writer.caller, 'Write', { table, row: found });
  }
  requireLinks(writer, table, payload.values);
  const given = new Map([...payload.values, [partitionColumn, place.partitionId]]);
  const values = newValues(writer, table, { ...payload, values: given }, place.id);
  const mark = markOf(writer, payload.columns);
  const row =
    found === undefined
      ? writer.store.insert(table, { id, values }, mark)
      : writer.store.update(table, found, values, mark);
  return { row, isNew: found === undefined };
}

function changeRow(writer: Writer, table: Table, row: Row, payload: Payload): Row {
  const changes = new Map(followState(table, payload));
  changes.delete(table.primaryId);
  if (table.type === 'Elastic') {
    changes.delete(partitionColumn);
  }
  changes.set('modifiedonbehalfby', writer.caller.onBehalfBy ?? null);
  const values = apply(row.values, changes);
  const stamped = {
    ...values,
    ...(changes.has('ownerid') ? { owningbusinessunit: unitOfOwner(writer, values) } : {}),
    modifiedon: secondText(writer.now),
    modifiedby: writer.caller.userId,
  };
  const after = derived(table, stamped);
  requireUnique(writer, table, { id: row.id, values: after });
  return writer.store.update(table, row, after, markOf(writer, payload.columns));
}

/** Changes a row; throws as `createRow` does. */
export function updateRow(writer: Writer, table: Table, row: Row, payload: Payload): Row {
  requireAccess(writer.caller, 'Write', { table, row });
  requireLinks(writer, table, payload.values);
  const event: RowEvent = { message: 'Update', table, id: row.id, before: row, payload };
  const ruling = writer.events.before(writer, event);
  const after = changeRow(writer, table, row, ruling.payload);
  const done = { ...event, payload: ruling.payload, after };
  writer.events.after(writer, done, {
    ...ruling,
    update: (deeper, more) => updateRow(deeper, table, newest(writer, table, after), more),
  });
  return ruling.struck.length > 0 ? newest(writer, table, after) : after;
}

/** Removes a row; lookups that point at it are set null first (RemoveLink), whoever owns them. */
export function deleteRow(writer: Writer, table: Table, row: Row): void {
  requireAccess(writer.caller, 'Delete', { table, row });
  const event: RowEvent = { message: 'Delete', table, id: row.id, before: row, payload: noPayload };
  const ruling = writer.events.before(writer, event);
  for (const link of writer.store.links.pointingAt(row.id, table.name)) {
    const pointing = writer.store.get(link.table, link.id);
    if (pointing !== undefined && !(link.table === table && link.id === row.id)) {
      const cleared = new Map([
        [link.column.name, null],
        [targetMember(link.column), null],
      ]);
      const quiet = { ...writer, detectsDuplicates: false };
      changeRow(quiet, link.table, pointing, { values: cleared, columns: [link.column.name] });
    }
  }
  writer.store.remove(table, row, markOf(writer, []));
  writer.events.after(writer, event, { ...ruling, update: () => undefined });
}
