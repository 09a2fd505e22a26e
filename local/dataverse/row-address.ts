import { storedValue } from './column-value.ts';
import { type ElasticPlace, keyPlace, storedId } from './elastic/partition.ts';
import { keyStatus } from './key-index.ts';
import type { Column, Model, Table, TableKey } from './model.ts';
import { badQuery, keyMissing, resourceMissing, rowMissing } from './protocol-error.ts';
import type { KeyPart, Literal, Segment } from './resource-path.ts';
import type { Row, RowValues, Scalar } from './row.ts';
import type { RowStore } from './row-store.ts';

/** Which row a URL means: by id, or by the values of an alternate key. */
export type RowAddress =
  | {
      readonly kind: 'id';
      readonly table: Table;
      /** Under which the store keeps the row. */
      readonly id: string;
      /** Where a row of an elastic table is. */
      readonly place?: ElasticPlace;
    }
  | {
      readonly kind: 'key';
      readonly table: Table;
      readonly key: TableKey;
      readonly values: RowValues;
    };

export function tableOf(model: Model, segment: Segment): Table {
  const table = model.entitySets.get(segment.name);
  if (table === undefined) {
    throw resourceMissing(segment.name);
  }
  return table;
}

function invalidKey(table: Table): Error {
  const type = `Microsoft.Dynamics.CRM.${table.name}`;
  return badQuery(
    `The key in the request URI is not valid for resource '${type}'. Ensure that the names and number of key properties match the declared or alternate key properties for the resource '${type}'.`,
  );
}

/** Facts A2: these two inherit their primary key, so its name cannot be used in a URL. */
const inheritedId = new Set(['systemuser', 'team']);

function keyValue(literal: Literal, table: Table, column: Column): Scalar {
  const isReference = column.type === 'lookup' || column.type === 'guid';
  if (literal.kind === 'null' || isReference !== (literal.kind === 'guid')) {
    throw invalidKey(table);
  }
  const value = storedValue(literal.value, table, column);
  if (value === null) {
    throw invalidKey(table);
  }
  return value;
}

function namedAddress(table: Table, key: KeyPart & { kind: 'named' }, now: number): RowAddress {
  const { members } = key;
  const byId = members.get(table.primaryId);
  if (members.size === 1 && byId?.kind === 'guid' && !inheritedId.has(table.name)) {
    return { kind: 'id', table, id: byId.value };
  }
  for (const declared of table.keys.values()) {
    const isSame =
      declared.columns.length === members.size &&
      declared.columns.every((column) => members.has(column.property));
    if (isSame && keyStatus(declared, now) === 'Active') {
      const values = declared.columns.map((column) => {
        const literal = members.get(column.property) ?? { kind: 'null' };
        return [column.name, keyValue(literal, table, column)] as const;
      });
      return { kind: 'key', table, key: declared, values: Object.fromEntries(values) };
    }
  }
  throw invalidKey(table);
}

function elasticAddress(table: Table, key: KeyPart): RowAddress {
  const place = keyPlace(table, key);
  if (place === undefined) {
    throw invalidKey(table);
  }
  return { kind: 'id', table, id: storedId(place), place };
}

/** Throws 400 for a key that is neither the primary id nor a declared, active alternate key. */
export function addressOf(table: Table, key: KeyPart, now: number): RowAddress {
  if (table.type === 'Elastic') {
    return elasticAddress(table, key);
  }
  return key.kind === 'id' ? { kind: 'id', table, id: key.id } : namedAddress(table, key, now);
}

export function findRow(store: RowStore, address: RowAddress): Row | undefined {
  const id = address.kind === 'id' ? address.id : store.keys.find(address.key, address.values);
  return id === undefined ? undefined : store.get(address.table, id);
}

export function addressMissing(address: RowAddress): Error {
  return address.kind === 'id'
    ? rowMissing(address.table.name, address.id)
    : keyMissing(address.table.name);
}
