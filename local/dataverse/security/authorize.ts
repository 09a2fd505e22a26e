import type { Sql } from '../filter-sql.ts';
import type { Model, Table } from '../model.ts';
import { lookupTarget, type Row, type RowValues, type Scalar, targetMember } from '../row.ts';
import type { RowStore } from '../row-store.ts';
import type { Caller } from './caller.ts';
import { accessMissing, privilegeMissing } from './denial.ts';
import type { Principal } from './principal.ts';
import { depthOf, depths, privilegeName, type Right } from './privilege.ts';

function depthRequired(principal: Principal, right: Right, table: Table): number {
  const depth = depthOf(principal.grants, right, table.name);
  if (depth === depths.None) {
    throw privilegeMissing(principal, privilegeName(right, table.name), table.name);
  }
  return depth;
}

function owns(principal: Principal, row: Row): boolean {
  const owner = String(row.values['ownerid'] ?? '');
  return owner === principal.userId || principal.teams.has(owner);
}

function reaches(principal: Principal, depth: number, row: Row): boolean {
  if (depth >= depths.Global || owns(principal, row)) {
    return true;
  }
  const unit = String(row.values['owningbusinessunit'] ?? '');
  return depth >= depths.Deep
    ? principal.unitsBelow.has(unit)
    : depth >= depths.Local && unit === principal.businessUnitId;
}

/** Throws 403 0x80040220 when a role of the caller lacks the right on the table. */
export function requirePrivilege(caller: Caller, right: Right, table: Table): void {
  for (const principal of caller.principals) {
    depthRequired(principal, right, table);
  }
}

/** Throws 403: 0x80040220 without the privilege, 0x80048306 when it does not reach the row. */
export function requireAccess(
  caller: Caller,
  right: Right,
  place: { table: Table; row: Row },
): void {
  for (const principal of caller.principals) {
    const depth = depthRequired(principal, right, place.table);
    if (!reaches(principal, depth, place.row)) {
      throw accessMissing(principal, right, place.row);
    }
  }
}

/** True when the caller may read the row; rows of a collection that fail are left out silently. */
export function mayRead(caller: Caller, table: Table, row: Row): boolean {
  return caller.principals.every((principal) =>
    reaches(principal, depthOf(principal.grants, 'Read', table.name), row),
  );
}

/** Facts A10: change tracking needs read privilege on the whole organization. */
export function requireGlobalRead(caller: Caller, table: Table): void {
  for (const principal of caller.principals) {
    if (depthRequired(principal, 'Read', table) < depths.Global) {
      throw privilegeMissing(principal, privilegeName('Read', table.name), table.name);
    }
  }
}

const ownerSql = `json_extract(r.body,'$."ownerid"')`;
const unitSql = `json_extract(r.body,'$."owningbusinessunit"')`;

function within(sql: string, values: Iterable<string>): Sql {
  return {
    text: `${sql} IN (SELECT value FROM json_each(?))`,
    values: [JSON.stringify([...values])],
  };
}

function reachSql(principal: Principal, depth: number): Sql {
  const own = within(ownerSql, [principal.userId, ...principal.teams]);
  if (depth < depths.Local) {
    return own;
  }
  const units = depth >= depths.Deep ? principal.unitsBelow : [principal.businessUnitId];
  const unit = within(unitSql, units);
  return { text: `(${own.text} OR ${unit.text})`, values: [...own.values, ...unit.values] };
}

/** The condition on rows (alias `r`) that the caller may read; throws 403 without the privilege. */
export function readableSql(caller: Caller, table: Table): Sql | undefined {
  const limits = caller.principals
    .map((principal) => ({ principal, depth: depthRequired(principal, 'Read', table) }))
    .filter(({ depth }) => depth < depths.Global)
    .map(({ principal, depth }) => reachSql(principal, depth));
  return limits.length === 0
    ? undefined
    : {
        text: limits.map(({ text }) => text).join(' AND '),
        values: limits.flatMap(({ values }) => values),
      };
}

export interface LinkWrite {
  readonly model: Model;
  readonly store: RowStore;
  readonly caller: Caller;
}

/**
 * Setting a lookup appends the row to another: `Append` on its own table and
 * `AppendTo` on the row pointed at. Giving a row to another owner is `Assign`.
 */
export function requireLinks(
  { model, store, caller }: LinkWrite,
  table: Table,
  values: ReadonlyMap<string, Scalar | null>,
): void {
  if (caller.principals.length === 0) {
    return;
  }
  for (const column of table.columns.values()) {
    const id = values.get(column.name);
    if (column.name === 'ownerid' && typeof id === 'string' && id !== caller.userId) {
      requirePrivilege(caller, 'Assign', table);
    } else if (column.type === 'lookup' && column.name !== 'ownerid' && typeof id === 'string') {
      const named = values.get(targetMember(column));
      const own: RowValues = typeof named === 'string' ? { [targetMember(column)]: named } : {};
      const target = model.tables.get(lookupTarget(column, own));
      const row = target && store.get(target, id);
      requirePrivilege(caller, 'Append', table);
      requireTarget(caller, target, row);
    }
  }
}

function requireTarget(caller: Caller, table: Table | undefined, row: Row | undefined): void {
  if (table !== undefined && row !== undefined) {
    requireAccess(caller, 'AppendTo', { table, row });
  }
}
