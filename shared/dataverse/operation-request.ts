import { AppError } from '../errors.ts';
import { propertyOf } from './column-lookup.ts';
import type { DataverseOperation, QueryOperation, TableMetadata } from './contract.ts';
import { filterExpression } from './filter-expression.ts';
import { splitFilter } from './filter-split.ts';
import { getRequest, type InnerRequest } from './inner-http.ts';
import { guidOf } from './odata-literal.ts';
import { rowBody, type TableSource } from './row-body.ts';

export interface RequestContext {
  /** Path of the Web API root, for example `/api/data/v9.2`. */
  readonly root: string;
  /** Echo marker of writes: plug-ins and webhooks see it in their shared variables (facts A7). */
  readonly tag: string | undefined;
  readonly tables: TableSource;
}

/** The requests of one operation: one, or several for a query whose filter is too long. */
export function requestsFor(
  operation: DataverseOperation,
  context: RequestContext,
): readonly InnerRequest[] {
  const table = context.tables(operation.table);
  if (operation.kind === 'query') {
    return queryRequests(operation, table, context.root);
  }
  const id = guidOf(operation.id, table.logicalName);
  const marker = context.tag === undefined ? '' : `?tag=${encodeURIComponent(context.tag)}`;
  const path = `${context.root}/${table.entitySet}(${id})${marker}`;
  switch (operation.kind) {
    case 'create': {
      const row = Object.fromEntries(
        Object.entries(operation.row).filter(([, value]) => value !== null),
      );
      const headers = { 'Content-Type': 'application/json', 'If-None-Match': '*' };
      return [{ method: 'PATCH', path, headers, body: rowBody(row, table, context.tables) }];
    }
    case 'update': {
      const condition = matchHeader(operation.etag, table);
      const headers = { 'Content-Type': 'application/json', ...condition };
      const body = rowBody(operation.row, table, context.tables);
      return [{ method: 'PATCH', path, headers, body }];
    }
    case 'delete': {
      const { etag } = operation;
      const headers = etag === undefined ? {} : matchHeader(etag, table);
      return [{ method: 'DELETE', path, headers }];
    }
  }
}

function queryRequests(
  operation: QueryOperation,
  table: TableMetadata,
  root: string,
): readonly InnerRequest[] {
  const columns = operation.select.map((name) => propertyOf(table, name));
  const select = (columns.length === 0 ? [table.primaryId] : columns).join(',');
  return splitFilter(operation.filter).map((filter) => {
    const text = encodeURIComponent(filterExpression(filter, table));
    return getRequest(`${root}/${table.entitySet}?$select=${select}&$filter=${text}`);
  });
}

function matchHeader(etag: string, table: TableMetadata): { readonly 'If-Match': string } {
  if (!/^(W\/)?"[\x21\x23-\x7e]*"$/.test(etag)) {
    throw new AppError('INPUT_INVALID', `${table.logicalName}: the etag of a write is malformed`);
  }
  return { 'If-Match': etag };
}
