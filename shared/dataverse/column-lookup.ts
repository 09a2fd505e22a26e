import { AppError } from '../errors.ts';
import type { ColumnMetadata, TableMetadata } from './contract.ts';

/** The column of a name, or an error that says where to mend it. */
export function columnOf(table: TableMetadata, name: string): ColumnMetadata {
  const column = table.columns.get(name);
  if (column === undefined) {
    throw missing(table, name, 'is not a column of the organisation');
  }
  return column;
}

/** The owner column has one relationship, to the abstract table `owner`, for these two. */
const owners = new Set(['systemuser', 'team']);

/** The navigation property that sets a lookup column to rows of one table. */
export function navigationOf(table: TableMetadata, name: string, target: string): string {
  const navigations = table.lookups.get(name);
  const navigation =
    navigations?.get(target) ?? (owners.has(target) ? navigations?.get('owner') : undefined);
  if (navigation === undefined) {
    columnOf(table, name);
    throw missing(table, name, `is not a lookup to ${target}`);
  }
  return navigation;
}

/** What `$select` and `$filter` call a column. */
export function propertyOf(table: TableMetadata, name: string): string {
  return table.lookups.has(name) ? `_${name}_value` : columnOf(table, name).logicalName;
}

function missing(table: TableMetadata, column: string, problem: string): AppError {
  const place = `${table.logicalName}.${column}`;
  const message = `${place} ${problem}; correct the map, or add it to the organisation`;
  return new AppError('DATAVERSE_METADATA_MISSING', message, {
    details: { table: table.logicalName, column },
  });
}
