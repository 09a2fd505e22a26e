import { AppError } from '../errors.ts';
import { columnOf, propertyOf } from './column-lookup.ts';
import type { DataverseRow, Scalar, TableMetadata } from './contract.ts';
import { isGuidColumn } from './odata-literal.ts';

export interface RowPage {
  readonly rows: readonly DataverseRow[];
  /** Path and query of the next page. */
  readonly next?: string;
}

export interface PageShape {
  readonly table: TableMetadata;
  readonly select: readonly string[];
  /** Path of the Web API root; a next link that leaves it is refused. */
  readonly root: string;
}

interface SelectedColumn {
  readonly name: string;
  readonly property: string;
  readonly isGuid: boolean;
}

/**
 * Reads one page of a query.
 *
 * @throws AppError RESPONSE_UNREADABLE when it is not a page of rows with ids and etags.
 */
export function readPage(text: string, shape: PageShape): RowPage {
  const page = parseObject(text, shape);
  const { value } = page;
  if (!Array.isArray(value)) {
    throw unreadable(shape, 'has no rows');
  }
  const columns = shape.select.map((name) => ({
    name,
    property: propertyOf(shape.table, name),
    isGuid: shape.table.lookups.has(name) || isGuidColumn(columnOf(shape.table, name)),
  }));
  const rows = value.map((row: unknown) => readRow(row, columns, shape));
  const link = page['@odata.nextLink'];
  return link === undefined ? { rows } : { rows, next: nextPath(link, shape) };
}

function readRow(row: unknown, columns: readonly SelectedColumn[], shape: PageShape): DataverseRow {
  if (!isObject(row)) {
    throw unreadable(shape, 'has a row that is no object');
  }
  const id = row[shape.table.primaryId];
  const etag = row['@odata.etag'];
  if (typeof id !== 'string' || typeof etag !== 'string') {
    throw unreadable(shape, 'has a row without id or etag');
  }
  const values: Record<string, Scalar> = {};
  for (const { name, property, isGuid } of columns) {
    const value = scalarOf(row[property], shape);
    values[name] = isGuid && typeof value === 'string' ? value.toLowerCase() : value;
  }
  return { id: id.toLowerCase(), etag, values };
}

function scalarOf(value: unknown, shape: PageShape): Scalar {
  if (value === undefined || value === null) {
    return null;
  }
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
    return value;
  }
  throw unreadable(shape, 'has a value that is no scalar');
}

/** Only path and query are kept: the request goes to the configured origin, whatever the link says. */
function nextPath(link: unknown, shape: PageShape): string {
  const url = typeof link === 'string' ? URL.parse(link, 'http://localhost/') : null;
  if (url === null || !url.pathname.startsWith(`${shape.root}/`)) {
    throw unreadable(shape, 'has a next link outside the Web API');
  }
  return `${url.pathname}${url.search}`;
}

function parseObject(text: string, shape: PageShape): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) {
      return value;
    }
  } catch {
    // Answered below: the parser's message quotes the text.
  }
  throw unreadable(shape, 'is not a JSON object');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unreadable(shape: PageShape, problem: string): AppError {
  const table = shape.table.logicalName;
  return new AppError('RESPONSE_UNREADABLE', `a page of ${table} ${problem}`, {
    details: { table },
  });
}
