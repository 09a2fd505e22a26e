import { z } from 'zod';
import type { ApiContext } from './api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse } from './api-message.ts';
import type { Column, Table, TableKey } from './model.ts';
import { readBody } from './payload.ts';
import { DataverseError } from './protocol-error.ts';
import type { Segment } from './resource-path.ts';
import { keyId } from './table-metadata.ts';

const declarationSchema = z.object({
  SchemaName: z.string().regex(/^[A-Za-z][A-Za-z0-9_]*$/),
  KeyAttributes: z.array(z.string()).min(1).max(16),
});

/** Facts A2: the types a key column may have. */
const keyTypes = new Set(['string', 'integer', 'decimal', 'datetime', 'date', 'lookup', 'choice']);
const maxKeys = 10;

function refuse(message: string): DataverseError {
  return new DataverseError(400, '0x80060888', message);
}

function checkNewKey(table: Table, name: string, columns: readonly Column[]): void {
  if (table.keys.has(name)) {
    throw new DataverseError(
      400,
      '0x80060893',
      `An entity key with the name ${name} already exists on entity ${table.name}.`,
    );
  }
  const isSame = (key: TableKey): boolean =>
    key.columns.length === columns.length && key.columns.every((one) => columns.includes(one));
  if ([...table.keys.values()].some(isSame)) {
    throw new DataverseError(
      400,
      '0x80060894',
      'An entity key with the selected attributes already exists on entity.',
    );
  }
  if (table.keys.size >= maxKeys) {
    throw refuse(`${table.name} has ${maxKeys} keys already.`);
  }
}

/** `POST EntityDefinitions(..)/Keys`: Pending, then InProgress, then Active. */
export function declareKey(context: ApiContext, table: Table, request: ApiRequest): ApiResponse {
  if (table.type !== 'Standard') {
    throw refuse(`${table.type} tables take no alternate keys: ${table.name} is one.`);
  }
  const parsed = declarationSchema.safeParse(readBody(request.body));
  if (!parsed.success) {
    throw refuse('A key needs SchemaName and KeyAttributes (1 to 16 columns).');
  }
  const { SchemaName: name, KeyAttributes: names } = parsed.data;
  const columns = names.map((columnName) => {
    const column = table.columns.get(columnName);
    if (column === undefined || !keyTypes.has(column.type)) {
      throw refuse(`'${columnName}' is not a column of ${table.name} that a key can hold.`);
    }
    return column;
  });
  checkNewKey(table, name, columns);
  const activeFrom = context.now + context.keyBuildMs;
  const key = { name, columns, createdAt: context.now, activeFrom };
  context.store.atomic(() => {
    for (const column of columns) {
      context.store.links.add(table, column);
    }
    context.store.keys.declare(table, key);
  });
  const place = `EntityDefinitions(LogicalName='${table.name}')/Keys(${keyId(table, key)})`;
  return emptyResponse(204, { 'OData-EntityId': `${context.baseUrl}${place}` });
}

/** `DELETE EntityDefinitions(..)/Keys(..)`, by id or by logical name. */
export function withdrawKey(context: ApiContext, table: Table, segment: Segment): ApiResponse {
  const { key } = segment;
  const named = key?.kind === 'named' ? key.members.get('LogicalName') : undefined;
  const name = named?.kind === 'text' ? named.value : undefined;
  const found = [...table.keys.values()].find(
    (one) =>
      (key?.kind === 'id' && keyId(table, one) === key.id) || one.name.toLowerCase() === name,
  );
  if (found === undefined) {
    throw new DataverseError(404, '0x80040217', `${table.name} has no such entity key.`);
  }
  context.store.atomic(() => context.store.keys.withdraw(table, found));
  return emptyResponse(204);
}
