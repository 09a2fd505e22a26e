import type { ApiContext } from './api-context.ts';
import { type ApiRequest, type ApiResponse, readPreferences } from './api-message.ts';
import { isAssociation, writeAssociation } from './associations.ts';
import { bulkMessage, runBulk } from './bulk-messages.ts';
import { expireRows } from './elastic/expiry.ts';
import { keyWithPartition } from './elastic/partition.ts';
import { withSessionToken } from './elastic/session-token.ts';
import { requireBypass } from './events/bypass-privilege.ts';
import { readCallFacts } from './events/call-facts.ts';
import { metadataResponse } from './metadata.ts';
import type { Table } from './model.ts';
import { DataverseError, errorBody, methodNotAllowed, resourceMissing } from './protocol-error.ts';
import { countTable, listRows, readMember, readRow } from './read-rows.ts';
import { type KeyPart, readPath, type Segment } from './resource-path.ts';
import { tableOf } from './row-address.ts';
import { unboundOperation } from './unbound-operations.ts';
import { onVirtualTable } from './virtual/virtual-access.ts';
import { patchRow, postRow, removeRow, type WriteResult, writeMember } from './write-rows.ts';

function read(response: ApiResponse): WriteResult {
  return { response, reference: undefined };
}

interface RowPlace {
  readonly table: Table;
  readonly key: KeyPart;
  readonly raw: string;
  readonly rest: readonly Segment[];
}

function onRow(context: ApiContext, request: ApiRequest, place: RowPlace): WriteResult {
  const { rest } = place;
  const [member] = rest;
  if (request.method === 'GET') {
    return read(
      member === undefined ? readRow(context, request, place) : readMember(context, request, place),
    );
  }
  return context.store.single(() => {
    const isReferred = member !== undefined && rest[1]?.name === '$ref';
    if (isReferred && isAssociation(context, place.table, member.name)) {
      return writeAssociation(context, request, {
        ...place,
        member: member.name,
        memberKey: member.key,
      });
    }
    if (member !== undefined && (request.method === 'PUT' || request.method === 'DELETE')) {
      const isReference = rest[1]?.name === '$ref';
      return writeMember(context, request, { ...place, member: member.name, isReference });
    }
    if (member === undefined && request.method === 'PATCH') {
      return patchRow(context, request, place);
    }
    if (member === undefined && request.method === 'DELETE') {
      return removeRow(context, request, place);
    }
    throw methodNotAllowed(request.method);
  });
}

function onSet(
  context: ApiContext,
  request: ApiRequest,
  place: { readonly table: Table; readonly rest: readonly Segment[] },
): WriteResult {
  const { table, rest } = place;
  const [member] = rest;
  if (member === undefined) {
    if (request.method === 'GET') {
      return read(listRows(context, table, request));
    }
    if (request.method === 'POST') {
      return context.store.single(() => postRow(context, table, request));
    }
    throw methodNotAllowed(request.method);
  }
  const message = bulkMessage(member.name);
  if (message !== undefined && request.method === 'POST') {
    return read(context.store.atomic(() => runBulk(context, request, { table, message })));
  }
  if (member.name === '$count' && request.method === 'GET') {
    return read(countTable(context, table, request));
  }
  throw resourceMissing(member.name);
}

function onTable(
  context: ApiContext,
  request: ApiRequest,
  place: { readonly table: Table; readonly first: Segment; readonly rest: readonly Segment[] },
): WriteResult {
  const { table, first, rest } = place;
  return first.key === undefined
    ? onSet(context, request, { table, rest })
    : onRow(context, request, { table, key: first.key, raw: first.raw, rest });
}

function route(before: ApiContext, request: ApiRequest): WriteResult {
  const context = { ...before, call: readCallFacts(request) };
  requireBypass(context);
  const unbound = unboundOperation(context, request);
  if (unbound !== undefined) {
    return read(unbound);
  }
  const segments = readPath(request.path);
  const [first, ...rest] = segments;
  const metadata = metadataResponse(context, request, segments);
  if (metadata !== undefined) {
    return read(metadata);
  }
  if (first === undefined) {
    throw resourceMissing('');
  }
  const table = tableOf(context.model, first);
  if (table.type === 'Standard') {
    return onTable(context, request, { table, first, rest });
  }
  if (table.type === 'Virtual') {
    const place = { table, first, rest };
    return onVirtualTable(context, request, {
      ...place,
      answer: () => onTable(context, request, place),
    });
  }
  expireRows(context.store, table, context.now);
  const key = first.key && keyWithPartition(table, first.key, request);
  const result = onTable(context, request, { table, first: { ...first, key }, rest });
  return withSessionToken(context.store, request, result);
}

/**
 * The answer to a request that ended in an error. What is not ours becomes a
 * plain 500. With all annotations preferred the error has its details (facts A1).
 */
export function errorResponse(error: unknown, prefer?: string): ApiResponse {
  const known =
    error instanceof DataverseError
      ? error
      : new DataverseError(500, '0x80040216', 'An unexpected error occurred in the stand-in.');
  return {
    status: known.status,
    headers: { 'Content-Type': 'application/json; odata.metadata=minimal', ...known.headers },
    body: errorBody(known, readPreferences(prefer).annotations.includes('*')),
  };
}

export type Dispatch = (context: ApiContext, request: ApiRequest) => WriteResult;

/** Answers one request; throws `DataverseError`. Writes are whole or not at all. */
export const dispatch: Dispatch = route;
