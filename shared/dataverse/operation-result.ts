import { parseRetryAfter } from '../http/index.ts';
import type { DataverseResult, Row, TableMetadata, WriteOperation } from './contract.ts';
import { causeOf, type ErrorAnswer, readError } from './error-answer.ts';
import type { InnerResponse } from './inner-http.ts';

const rowAlreadyThere = '0x80040237';
const alternateKeyTaken = '0x80060892';
const detectionRule = '0x80040333';
const unknownSegment = '0x8006088a';
const plugin = '0x80040265';

/** The ending of one write. */
export function writeResult(
  operation: WriteOperation,
  response: InnerResponse,
  table: TableMetadata,
): DataverseResult {
  if (response.status >= 200 && response.status < 300) {
    const etag = response.headers.get('etag');
    return operation.kind === 'delete'
      ? { kind: 'deleted' }
      : { kind: 'written', ...(etag === null ? {} : { etag }) };
  }
  const error = readError(response);
  if (response.status === 404 && error.code !== unknownSegment) {
    return operation.kind === 'delete' ? { kind: 'deleted' } : missing(operation, error);
  }
  if (response.status === 412 && !isDuplicate(operation, error)) {
    return { kind: 'conflict' };
  }
  const column =
    operation.kind === 'delete' ? undefined : faultyColumn(error, operation.row, table);
  return problemResult(response, error, column);
}

/** The ending of an operation that succeeded in nothing: transient or refused. */
export function problemResult(
  response: InnerResponse,
  error: ErrorAnswer = readError(response),
  column?: string,
): DataverseResult {
  const { status } = response;
  if (isTransient(status) && error.code !== plugin) {
    const retryAfterSeconds = parseRetryAfter(response.headers, Date.now());
    return {
      kind: 'failed',
      status,
      ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
    };
  }
  const cause = causeOf(status, error.code);
  const at = column === undefined ? {} : { column };
  return { kind: 'refused', status, code: error.code, ...at, cause };
}

/** 401 is transient too: the token of the next attempt is a newer one. */
export function isTransient(status: number): boolean {
  return status === 401 || status === 408 || status === 429 || (status >= 500 && status !== 501);
}

/**
 * Another row holds what has to be unique. 0x80060892 names an alternate key. 0x80040237 means on a
 * create that the id exists, which is left to the caller's next read of the row; on an update only an
 * alternate key can collide.
 */
function isDuplicate(operation: WriteOperation, { code }: ErrorAnswer): boolean {
  if (code === detectionRule || code === alternateKeyTaken) return true;
  return code === rowAlreadyThere && operation.kind === 'update';
}

/**
 * One code stands for a missing row and for a missing reference. A create needs no row; the text
 * for an update names the id that is missing.
 */
function missing(
  operation: Exclude<WriteOperation, { readonly kind: 'delete' }>,
  error: ErrorAnswer,
): DataverseResult {
  if (operation.kind === 'create') {
    return { kind: 'missing', what: 'reference' };
  }
  const text = error.message.toLowerCase();
  const bound = Object.values(operation.row).flatMap((value) =>
    value !== null && typeof value === 'object' ? [value.lookup.id.toLowerCase()] : [],
  );
  const namesBound = bound.some((id) => text.includes(id));
  const namesRow = text.includes(operation.id.toLowerCase());
  return { kind: 'missing', what: namesBound && !namesRow ? 'reference' : 'row' };
}

/**
 * The first of our own columns that the text names, in quotes, or bare when it has the underscore
 * of a custom column and so is no common word. Nothing else of the text is kept.
 */
function faultyColumn(error: ErrorAnswer, row: Row, table: TableMetadata): string | undefined {
  const columnByName = new Map<string, string>();
  for (const column of Object.keys(row)) {
    columnByName.set(column, column);
    for (const navigation of table.lookups.get(column)?.values() ?? []) {
      columnByName.set(navigation, column);
    }
  }
  const quotedNames = [...error.message.matchAll(/['"](\w+)['"]/g)].map((match) => match[1] ?? '');
  const names = [...quotedNames, ...(error.message.match(/[a-z]\w*_\w+/gi) ?? [])];
  const named = names.find((name) => columnByName.has(name));
  return named === undefined ? undefined : columnByName.get(named);
}
