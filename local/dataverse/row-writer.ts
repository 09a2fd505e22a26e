import { randomUUID } from 'node:crypto';
import type { Model, Table } from './model.ts';
import type { Payload } from './payload.ts';
import { type Row, type RowValues, type Scalar, targetMember } from './row.ts';
import type { RowStore } from './row-store.ts';
import { businessUnitId, systemUserId } from './system-tables.ts';

export interface Writer {
  readonly model: Model;
  readonly store: RowStore;
  readonly agent: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

function secondText(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19)}Z`;
}

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

export function createRow(writer: Writer, table: Table, payload: Payload, id?: string): Row {
  const at = secondText(writer.now);
  const given = payload.values.get(table.primaryId);
  const rowId = id ?? (typeof given === 'string' ? given : randomUUID());
  const [firstReason] = table.columns.get('statuscode')?.options?.keys() ?? [];
  const defaults: RowValues = {
    statecode: 0,
    statuscode: hasOption(table, 'statuscode', 1) ? 1 : (firstReason ?? 1),
    createdon: String(payload.values.get('overriddencreatedon') ?? at),
    modifiedon: at,
    createdby: systemUserId,
    modifiedby: systemUserId,
    ownerid: systemUserId,
    'ownerid@t': 'systemuser',
    owningbusinessunit: businessUnitId,
  };
  const changes = new Map(followState(table, payload));
  changes.delete(table.primaryId);
  const values = derived(table, apply(defaults, changes));
  const mark = { agent: writer.agent, at: writer.now, columns: payload.columns };
  return writer.store.insert(table, { id: rowId, values }, mark);
}

export function updateRow(writer: Writer, table: Table, row: Row, payload: Payload): Row {
  const changes = new Map(followState(table, payload));
  changes.delete(table.primaryId);
  const values = apply(row.values, changes);
  const stamped = { ...values, modifiedon: secondText(writer.now), modifiedby: systemUserId };
  const mark = { agent: writer.agent, at: writer.now, columns: payload.columns };
  return writer.store.update(table, row, derived(table, stamped), mark);
}

/** Removes a row; lookups that point at it are set null first (RemoveLink). */
export function deleteRow(writer: Writer, table: Table, row: Row): void {
  for (const link of writer.store.links.pointingAt(row.id, table.name)) {
    const pointing = writer.store.get(link.table, link.id);
    if (pointing !== undefined && !(link.table === table && link.id === row.id)) {
      const cleared = new Map([
        [link.column.name, null],
        [targetMember(link.column), null],
      ]);
      updateRow(writer, link.table, pointing, { values: cleared, columns: [link.column.name] });
    }
  }
  writer.store.remove(table, row, { agent: writer.agent, at: writer.now, columns: [] });
}
