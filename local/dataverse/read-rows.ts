import { aggregateRows } from './aggregate.ts';
import type { ApiContext } from './api-context.ts';
import {
  type ApiRequest,
  type ApiResponse,
  emptyResponse,
  jsonResponse,
  type Preferences,
  readPreferences,
} from './api-message.ts';
import { checkTrackable, deltaToken, readDelta } from './change-tracking.ts';
import { publicId } from './elastic/partition.ts';
import { lagsBehind } from './elastic/session-token.ts';
import type { Table } from './model.ts';
import { badQuery, methodNotAllowed, resourceMissing } from './protocol-error.ts';
import { type QueryOptions, readQueryOptions } from './query-options.ts';
import type { KeyPart, Segment } from './resource-path.ts';
import { etagOf, type Row } from './row.ts';
import { addressMissing, addressOf, findRow } from './row-address.ts';
import { linkCondition, rowRenderer } from './row-view.ts';
import { requireAccess, requireGlobalRead, requirePrivilege } from './security/authorize.ts';
import { both, type Cursor, conditionOf, countRows, selectRows } from './select-rows.ts';

const maxPage = 5000;

/** The row as this call sees it: where reads are stale, as it was before its last write. */
function asSeen(context: ApiContext, table: Table, row: Row): Row | undefined {
  const isStale = table.type === 'Elastic' ? lagsBehind(context, row) : context.isStale;
  return isStale ? context.store.images.before(row) : row;
}

interface ListCall {
  readonly context: ApiContext;
  readonly table: Table;
  readonly request: ApiRequest;
  readonly options: QueryOptions;
  readonly preferences: Preferences;
}

interface SkipToken extends Cursor {
  /** Version up to which a tracked reading has seen the table. */
  readonly delta?: number;
}

function readSkipToken(text: string | undefined): SkipToken {
  if (text === undefined) {
    return {};
  }
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (typeof value === 'object' && value !== null) {
      return value;
    }
  } catch {
    // Answered below.
  }
  throw badQuery('The skiptoken is malformed.');
}

function linkWith(call: ListCall, name: string, token: string): string {
  const kept = call.request.query
    .split('&')
    .filter((part) => part !== '' && !/^(\$|%24)(skiptoken|deltatoken)=/i.test(part));
  const query = [...kept, `${name}=${encodeURIComponent(token)}`].join('&');
  return `${call.context.baseUrl}${call.request.path}?${query}`;
}

function preferenceApplied(preferences: Preferences): Readonly<Record<string, string>> {
  const applied = [
    ...(preferences.maxPageSize === undefined
      ? []
      : [`odata.maxpagesize=${preferences.maxPageSize}`]),
    ...(preferences.annotations.length === 0
      ? []
      : [`odata.include-annotations="${preferences.annotations.join(',')}"`]),
    ...(preferences.tracksChanges ? ['odata.track-changes'] : []),
  ];
  return applied.length === 0 ? {} : { 'Preference-Applied': applied.join(', ') };
}

function contextUrl(call: ListCall, selection: string, suffix = ''): string {
  return `${call.context.baseUrl}$metadata#${call.table.entitySet}${selection}${suffix}`;
}

function pageSize({ options, preferences }: ListCall): { limit: number; mayContinue: boolean } {
  if (preferences.maxPageSize !== undefined) {
    const limit = Math.max(1, Math.min(preferences.maxPageSize, maxPage));
    return { limit, mayContinue: true };
  }
  return options.top === undefined
    ? { limit: maxPage, mayContinue: true }
    : { limit: Math.min(options.top, maxPage), mayContinue: false };
}

function listPage(call: ListCall, within?: ReturnType<typeof linkCondition>): ApiResponse {
  const { context, table, options, preferences } = call;
  const { annotations, maxPageSize: pageSizeAsked } = preferences;
  const renderer = rowRenderer(table, options, { context, annotations, pageSize: pageSizeAsked });
  const own = conditionOf(context, table, options);
  const condition = within === undefined ? own : both(within, own);
  const { limit, mayContinue } = pageSize(call);
  const token = readSkipToken(options.skipToken);
  const seen = token.delta ?? context.store.version;
  const page = selectRows(context, {
    table,
    condition,
    order: options.order,
    limit,
    cursor: token,
  });
  const body: Record<string, unknown> = { '@odata.context': contextUrl(call, renderer.selection) };
  if (options.count) {
    body['@odata.count'] = countRows(context, table, condition);
  }
  body['value'] = page.rows
    .flatMap((row) => asSeen(context, table, row) ?? [])
    .map(renderer.render);
  if (page.next !== undefined && mayContinue) {
    const next = preferences.tracksChanges ? { ...page.next, delta: seen } : page.next;
    const text = Buffer.from(JSON.stringify(next)).toString('base64url');
    body['@odata.nextLink'] = linkWith(call, '$skiptoken', text);
  } else if (preferences.tracksChanges) {
    body['@odata.deltaLink'] = linkWith(call, '$deltatoken', deltaToken(context, seen));
  }
  return jsonResponse(200, body, preferenceApplied(preferences));
}

function deltaPage(call: ListCall, token: string): ApiResponse {
  const { context, table, options } = call;
  checkTrackable(table, options);
  const { render, selection } = rowRenderer(table, options, { context, annotations: [] });
  const delta = readDelta(context, table, token);
  const deleted = delta.deleted.map((id) => ({
    '@odata.context': contextUrl(call, '', '/$deletedEntity'),
    id,
    reason: 'deleted',
  }));
  return jsonResponse(200, {
    '@odata.context': contextUrl(call, selection, '/$delta'),
    '@odata.deltaLink': linkWith(call, '$deltatoken', deltaToken(context, context.store.version)),
    value: [...delta.changed.map(render), ...deleted],
  });
}

/** `GET /contacts?...`: one page of rows, or the changes behind a delta token. */
export function listRows(context: ApiContext, table: Table, request: ApiRequest): ApiResponse {
  const options = readQueryOptions(request.query);
  const preferences = readPreferences(request.headers['prefer']);
  if (options.apply !== undefined) {
    return aggregateRows(context, table, options);
  }
  const call = { context, table, request, options, preferences };
  if (options.deltaToken !== undefined || preferences.tracksChanges) {
    requireGlobalRead(context.caller, table);
  }
  if (options.deltaToken !== undefined) {
    return deltaPage(call, options.deltaToken);
  }
  if (preferences.tracksChanges) {
    checkTrackable(table, options);
  }
  return listPage(call);
}

/** `GET /contacts/$count`: a bare number. */
export function countTable(context: ApiContext, table: Table, request: ApiRequest): ApiResponse {
  const options = readQueryOptions(request.query);
  const count =
    options.deltaToken === undefined
      ? countRows(context, table, conditionOf(context, table, options))
      : readDelta(context, table, options.deltaToken).changed.length;
  return { status: 200, headers: { 'Content-Type': 'text/plain' }, body: `\uFEFF${count}` };
}

function requireRow(context: ApiContext, table: Table, key: KeyPart): Row {
  requirePrivilege(context.caller, 'Read', table);
  const address = addressOf(table, key, context.now);
  const found = findRow(context.store, address);
  const row = found && asSeen(context, table, found);
  if (row === undefined) {
    throw addressMissing(address);
  }
  requireAccess(context.caller, 'Read', { table, row });
  return row;
}

/** `GET /contacts(..)`: the row, or 304 when the etag sent is the present one. */
export function readRow(
  context: ApiContext,
  request: ApiRequest,
  place: { readonly table: Table; readonly key: KeyPart },
): ApiResponse {
  const { table, key } = place;
  const options = readQueryOptions(request.query);
  const preferences = readPreferences(request.headers['prefer']);
  const { annotations, maxPageSize: pageSize } = preferences;
  const renderer = rowRenderer(table, options, { context, annotations, pageSize });
  const row = requireRow(context, table, key);
  const etag = etagOf(row.version);
  const mayBeUnchanged = options.expand.length === 0 && annotations.length === 0;
  if (mayBeUnchanged && request.headers['if-none-match'] === etag) {
    return emptyResponse(304, { ETag: etag });
  }
  const about = `${context.baseUrl}$metadata#${table.entitySet}${renderer.selection}/$entity`;
  return jsonResponse(
    200,
    { '@odata.context': about, ...renderer.render(row) },
    { ETag: etag, ...preferenceApplied(preferences) },
  );
}

/** `GET /contacts(..)/name`: one column, one related row, or the rows of a collection. */
export function readMember(
  context: ApiContext,
  request: ApiRequest,
  place: { readonly table: Table; readonly key: KeyPart; readonly rest: readonly Segment[] },
): ApiResponse {
  const { table, key, rest } = place;
  const name = rest[0]?.name ?? '';
  const row = requireRow(context, table, key);
  const column = table.properties.get(name);
  if (column !== undefined) {
    const value = name === table.primaryId ? publicId(table, row) : row.values[column.name];
    const about = `${context.baseUrl}$metadata#${table.entitySet}(${row.id})/${name}`;
    if (value === undefined) {
      return emptyResponse(204);
    }
    return rest[1]?.name === '$value'
      ? { status: 200, headers: { 'Content-Type': 'text/plain' }, body: String(value) }
      : jsonResponse(200, { '@odata.context': about, value });
  }
  return readRelated(context, request, { table, row, rest });
}

function readRelated(
  context: ApiContext,
  request: ApiRequest,
  place: { readonly table: Table; readonly row: Row; readonly rest: readonly Segment[] },
): ApiResponse {
  const { table, row, rest } = place;
  const name = rest[0]?.name ?? '';
  const navigation = table.navigations.get(name);
  const target = navigation && context.model.tables.get(navigation.target);
  if (navigation !== undefined && target !== undefined) {
    const id = row.values[navigation.column.name];
    if (id === undefined) {
      return emptyResponse(204);
    }
    return rest[1]?.name === '$ref'
      ? jsonResponse(200, { '@odata.id': `${context.baseUrl}${target.entitySet}(${id})` })
      : readRow(context, request, { table: target, key: { kind: 'id', id: String(id) } });
  }
  const incoming = context.model.incoming.get(table.name)?.find((one) => one.collection === name);
  if (incoming === undefined) {
    throw resourceMissing(name);
  }
  if (request.method !== 'GET') {
    throw methodNotAllowed(request.method);
  }
  const options = readQueryOptions(request.query);
  const preferences = readPreferences(request.headers['prefer']);
  const call = { context, table: incoming.table, request, options, preferences };
  return listPage(call, linkCondition(context, incoming.column, row.id));
}
