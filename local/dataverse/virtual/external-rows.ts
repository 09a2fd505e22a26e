import { isGuid, storedValue } from '../column-value.ts';
import type { Table } from '../model.ts';
import { isJsonObject, type JsonObject, type Payload } from '../payload.ts';
import { DataverseError } from '../protocol-error.ts';
import type { Row, RowValues, Scalar } from '../row.ts';

/** A data provider is a plug-in: what it throws is a plug-in's error. */
export function providerError(table: Table, reason: string): DataverseError {
  return new DataverseError(
    400,
    '0x80040265',
    `The data provider of the virtual table ${table.name} failed: ${reason}.`,
  );
}

/** A row of the source as a row of the virtual table. Its id must be a GUID, as the provider demands. */
export function toRow(table: Table, source: unknown): Omit<Row, 'version'> {
  const values: Record<string, Scalar> = {};
  const idName = table.columns.get(table.primaryId)?.externalName ?? table.primaryId;
  const id = isJsonObject(source) ? source[idName] : undefined;
  if (!isJsonObject(source) || typeof id !== 'string' || !isGuid(id)) {
    throw providerError(table, `a row of the source has no GUID in ${idName}`);
  }
  for (const column of table.columns.values()) {
    const value = source[column.externalName];
    if (column.name === table.primaryId || value === undefined || column.type === 'lookup') {
      continue;
    }
    const stored = storedValue(value, table, column);
    if (stored !== null) {
      values[column.name] = stored;
    }
  }
  const complete: RowValues = values;
  return { id: id.toLowerCase(), values: complete };
}

/** What is sent to the source for a write. */
export function toSource(table: Table, payload: Payload): JsonObject {
  return Object.fromEntries(
    [...payload.values].map(([name, value]) => [
      table.columns.get(name)?.externalName ?? name,
      value,
    ]),
  );
}
