import { AppError } from '../errors.ts';
import { columnOf, navigationOf } from './column-lookup.ts';
import type { Row, RowValue, TableMetadata } from './contract.ts';
import { guidOf } from './odata-literal.ts';

/** Finds the metadata of tables that are already loaded. */
export type TableSource = (logicalName: string) => TableMetadata;

/**
 * The JSON members of a write. Lookups become `nav@odata.bind`, one navigation property per target
 * table; clearing one clears it for every target. The primary id is left out: it is in the URL, and
 * a body value would win over it on create (facts A2).
 */
export function rowBody(row: Row, table: TableMetadata, tables: TableSource): string {
  const members: Record<string, RowValue> = {};
  for (const [name, value] of Object.entries(row)) {
    if (name === table.primaryId) {
      continue;
    }
    const navigations = table.lookups.get(name);
    if (value !== null && typeof value === 'object') {
      const { table: target, id } = value.lookup;
      const navigation = navigationOf(table, name, target);
      const place = `${table.logicalName}.${name}`;
      members[`${navigation}@odata.bind`] = `/${tables(target).entitySet}(${guidOf(id, place)})`;
    } else if (navigations === undefined) {
      members[columnOf(table, name).logicalName] = value;
    } else if (value === null) {
      for (const navigation of navigations.values()) {
        members[`${navigation}@odata.bind`] = null;
      }
    } else {
      const message = `${table.logicalName}.${name} is a lookup: give { lookup: { table, id } }`;
      throw new AppError('INPUT_INVALID', message);
    }
  }
  return JSON.stringify(members);
}
