import type { ApiContext } from '../api-context.ts';
import { type ApiRequest, emptyResponse } from '../api-message.ts';
import type { Table } from '../model.ts';
import { readBody, readPayload } from '../payload.ts';
import { methodNotAllowed, rowMissing } from '../protocol-error.ts';
import type { Segment } from '../resource-path.ts';
import type { Row } from '../row.ts';
import { addressOf } from '../row-address.ts';
import { requirePrivilege } from '../security/authorize.ts';
import type { WriteResult } from '../write-rows.ts';
import { dataSourceTable } from './data-sources.ts';
import { providerError, toRow, toSource } from './external-rows.ts';
import { askSource, type ExternalAnswer, type ExternalRequest } from './external-source.ts';

interface VirtualPlace {
  readonly table: Table;
  readonly first: Segment;
  readonly rest: readonly Segment[];
  /** The answer of a table of the database that holds the rows of the source. */
  readonly answer: () => WriteResult;
}

const longestMs = 60_000;

/** Calls the service behind one virtual table for one call of the Web API. */
class Provider {
  readonly #context: ApiContext;
  readonly #table: Table;
  readonly #source: Row;

  constructor(context: ApiContext, table: Table) {
    const sources = context.model.tables.get(dataSourceTable);
    const id = table.external?.dataSource.toLowerCase() ?? '';
    const source = sources && context.store.get(sources, id);
    if (source === undefined) {
      throw providerError(table, 'its data source does not exist');
    }
    this.#context = context;
    this.#table = table;
    this.#source = source;
  }

  rows(): readonly Omit<Row, 'version'>[] {
    const { status, body } = this.#ask('GET', '');
    const { value } = body;
    if (status !== 200 || !Array.isArray(value)) {
      throw providerError(this.#table, `the source answered ${status} for the collection`);
    }
    return value.map((row: unknown) => toRow(this.#table, row));
  }

  row(id: string): Omit<Row, 'version'> | undefined {
    const { status, body } = this.#ask('GET', `(${id})`);
    if (status === 404) {
      return undefined;
    }
    if (status !== 200) {
      throw providerError(this.#table, `the source answered ${status} for a row`);
    }
    return toRow(this.#table, body);
  }

  write(method: 'POST' | 'PATCH' | 'DELETE', key: string, body?: ExternalRequest['body']): void {
    if (this.#source.values['msdyn_isreadonly'] === true) {
      throw providerError(this.#table, 'the data source is read only');
    }
    const { status } = this.#ask(method, key, body);
    if (status < 200 || status > 299) {
      throw providerError(this.#table, `the source answered ${status} for ${method}`);
    }
  }

  #ask(
    method: ExternalRequest['method'],
    key: string,
    body?: ExternalRequest['body'],
  ): ExternalAnswer & { readonly kind: 'answer' } {
    const { memory, events } = this.#context;
    const { values } = this.#source;
    const base = String(values['msdyn_uri'] ?? '').replace(/\/$/, '');
    const url = `${base}/${this.#table.external?.collection ?? ''}${key}`;
    const timeoutMs = Number(values['msdyn_timeout'] ?? 0) * 1000 || longestMs;
    const place = `${method} ${url} ${memory.newPlace()}`;
    const request = { method, url, timeoutMs, ...(body === undefined ? {} : { body }) };
    const answer = memory.external(place, () => askSource(request, events.origins));
    if (answer.kind === 'failed') {
      throw providerError(this.#table, answer.reason);
    }
    return answer;
  }
}

function read(context: ApiContext, { table, first, answer }: VirtualPlace): WriteResult {
  const { store } = context;
  requirePrivilege(context.caller, 'Read', table);
  const provider = new Provider(context, table);
  const address = first.key && addressOf(table, first.key, context.now);
  const one = address?.kind === 'id' ? provider.row(address.id) : undefined;
  const rows = address === undefined ? provider.rows() : one === undefined ? [] : [one];
  const mark = { agent: context.agent, at: context.now, columns: [] };
  return store.scratch(() => {
    for (const row of rows) {
      store.insert(table, row, mark);
    }
    return answer();
  });
}

function write(context: ApiContext, request: ApiRequest, place: VirtualPlace): WriteResult {
  const { table, first, rest } = place;
  const { method } = request;
  const provider = new Provider(context, table);
  const address = first.key && addressOf(table, first.key, context.now);
  const id = address?.kind === 'id' ? address.id : undefined;
  if (rest.length > 0 || (method === 'POST') !== (id === undefined)) {
    throw methodNotAllowed(method);
  }
  if (method === 'DELETE') {
    requirePrivilege(context.caller, 'Delete', table);
    provider.write('DELETE', `(${id})`);
    return { response: emptyResponse(204), reference: undefined };
  }
  const found = id === undefined ? undefined : provider.row(id);
  if (id !== undefined && found === undefined && request.headers['if-match'] === '*') {
    throw rowMissing(table.name, id);
  }
  const isCreate = found === undefined;
  requirePrivilege(context.caller, isCreate ? 'Create' : 'Write', table);
  const payload = readPayload(table, readBody(request.body), { ...context, isCreate });
  const given = payload.values.get(table.primaryId);
  const rowId = id ?? (typeof given === 'string' ? given : context.memory.newId());
  const idName = table.columns.get(table.primaryId)?.externalName ?? table.primaryId;
  const body = toSource(table, payload);
  if (isCreate) {
    provider.write('POST', '', { ...body, [idName]: rowId });
  } else {
    provider.write('PATCH', `(${rowId})`, body);
  }
  const at = `${context.baseUrl}${table.entitySet}(${rowId})`;
  const response = emptyResponse(204, { 'OData-EntityId': at });
  return { response, reference: { table, id: rowId } };
}

/**
 * Answers for a table whose rows another service has: reads see what it has
 * now, writes are passed on, and nothing of it is kept here (facts A11).
 */
export function onVirtualTable(
  context: ApiContext,
  request: ApiRequest,
  place: VirtualPlace,
): WriteResult {
  return request.method === 'GET' ? read(context, place) : write(context, request, place);
}
