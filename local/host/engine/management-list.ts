import type { SQLInputValue } from 'node:sqlite';
import type { ManagementCall } from './management.ts';
import { empty, json, problem } from './management-reply.ts';
import type { InstanceRecord } from './records.ts';
import { shapeEntity, shapeStatus } from './status-shape.ts';
import { entityFromRow, instanceFromRow } from './store-rows.ts';

const knownStatuses = new Set([
  'Pending',
  'Running',
  'Suspended',
  'Completed',
  'Failed',
  'Terminated',
  'Canceled',
  'ContinuedAsNew',
]);
const defaultPage = 100;
const largestPage = 1000;

interface Clauses {
  readonly where: string;
  readonly values: readonly SQLInputValue[];
}

interface Filter {
  /** Known statuses that were asked for; empty means all. */
  readonly statuses: readonly string[];
  /** Created time and id, which instances and entities have alike. */
  readonly common: Clauses;
}

type Parsed =
  | { readonly kind: 'filter'; readonly filter: Filter }
  | { readonly kind: 'wrong'; readonly field: string };

function statuses(query: URLSearchParams): readonly string[] {
  const asked = (query.get('runtimeStatus') ?? '').split(',').map((status) => status.trim());
  return [...knownStatuses].filter((known) =>
    asked.some((one) => one.toLowerCase() === known.toLowerCase()),
  );
}

/** Reads createdTimeFrom, createdTimeTo, runtimeStatus and instanceIdPrefix; unknown statuses are ignored (conformance finding 26). */
function parseFilter(query: URLSearchParams): Parsed {
  const clauses: string[] = ['1 = 1'];
  const values: SQLInputValue[] = [];
  for (const [field, comparison] of [
    ['createdTimeFrom', '>='],
    ['createdTimeTo', '<='],
  ] as const) {
    const text = query.get(field);
    if (text === null || text === '') continue;
    const at = Date.parse(text);
    if (Number.isNaN(at)) return { kind: 'wrong', field };
    clauses.push(`created ${comparison} ?`);
    values.push(at);
  }
  const prefix = query.get('instanceIdPrefix');
  if (prefix !== null && prefix !== '') {
    clauses.push('id >= ? AND id < ?');
    values.push(prefix, `${prefix}\u{10ffff}`);
  }
  const common = { where: clauses.join(' AND '), values };
  return { kind: 'filter', filter: { statuses: statuses(query), common } };
}

function wrongField(field: string): Response {
  return problem(400, `The query parameter ${field} is no date. Write it as 2026-01-31T00:00:00Z.`);
}

function ofInstances({ statuses: wanted, common }: Filter): Clauses {
  if (wanted.length === 0) return common;
  const marks = wanted.map(() => '?').join(', ');
  return {
    where: `status IN (${marks}) AND ${common.where}`,
    values: [...wanted, ...common.values],
  };
}

interface Page {
  readonly size: number;
  /** The id that the page begins after. */
  readonly after: string;
  readonly showInput: boolean;
}

/** A token is an id that fits into a header. */
function idOf(token: string): string {
  try {
    return decodeURIComponent(token);
  } catch {
    return '';
  }
}

function pageOf({ query, request }: ManagementCall): Page {
  const top = Number(query.get('top') ?? defaultPage);
  return {
    size: Number.isInteger(top) && top > 0 ? Math.min(top, largestPage) : defaultPage,
    after: idOf(request.headers.get('x-ms-continuation-token') ?? ''),
    showInput: query.get('showInput')?.toLowerCase() !== 'false',
  };
}

interface Listed {
  readonly id: string;
  readonly shape: () => unknown;
}

const openStatuses = new Set(['Pending', 'Running', 'Suspended']);

function instancesAfter({ runtime }: ManagementCall, filter: Filter, page: Page): Listed[] {
  const { where, values } = ofInstances(filter);
  // Few instances are open beside very many that ended: those are found by status, others by id.
  const open = filter.statuses.length > 0 && filter.statuses.every((one) => openStatuses.has(one));
  const index = open ? 'INDEXED BY instances_by_status' : '';
  const flags = { showInput: page.showInput, showHistory: false, showHistoryOutput: false };
  return runtime.store
    .all(
      `SELECT * FROM instances ${index} WHERE ${where} AND id > ? ORDER BY id LIMIT ?`,
      ...values,
      page.after,
      page.size + 1,
    )
    .map(instanceFromRow)
    .map((record) => ({ id: record.id, shape: () => shapeStatus(record, flags) }));
}

/** Entities are instances whose ids begin with "@" and that never end. */
function entitiesAfter({ runtime }: ManagementCall, filter: Filter, page: Page): Listed[] {
  if (filter.statuses.length > 0 && !filter.statuses.includes('Running')) return [];
  const { where, values } = filter.common;
  return runtime.store
    .all(
      `SELECT * FROM entities WHERE ${where} AND id > ? ORDER BY id LIMIT ?`,
      ...values,
      page.after,
      page.size + 1,
    )
    .map(entityFromRow)
    .map((entity) => ({ id: entity.id, shape: () => shapeEntity(entity, page.showInput) }));
}

/** GET instances/: by id, as a storage table gives them; pages of `top`, continued by the header x-ms-continuation-token. */
export function listInstances(call: ManagementCall): Response {
  const parsed = parseFilter(call.query);
  if (parsed.kind === 'wrong') return wrongField(parsed.field);
  const page = pageOf(call);
  const found = [
    ...instancesAfter(call, parsed.filter, page),
    ...entitiesAfter(call, parsed.filter, page),
  ].sort((a, b) => Buffer.compare(Buffer.from(a.id), Buffer.from(b.id)));
  const shown = found.slice(0, page.size);
  const next = found.length > page.size ? shown.at(-1)?.id : undefined;
  // The extension sends the header on the last page too, without a value.
  return json(
    200,
    shown.map(({ shape }) => shape()),
    { 'x-ms-continuation-token': next === undefined ? '' : encodeURIComponent(next) },
  );
}

/** DELETE instances/: ended instances of a time range; 404 when there is none. */
export async function purgeInstances({ runtime, query }: ManagementCall): Promise<Response> {
  if ((query.get('createdTimeFrom') ?? '') === '') {
    return json(400, "Please provide value for 'createdTimeFrom' parameter.");
  }
  const parsed = parseFilter(query);
  if (parsed.kind === 'wrong') return wrongField(parsed.field);
  const { where, values } = ofInstances(parsed.filter);
  const purged = await runtime.commits.write(() => {
    const ended = "status IN ('Completed', 'Failed', 'Terminated')";
    const rows = runtime.store.all(
      `SELECT * FROM instances WHERE ${ended} AND ${where}`,
      ...values,
    );
    const records: readonly InstanceRecord[] = rows.map(instanceFromRow);
    for (const record of records) runtime.store.deleteInstance(record);
    return records.length;
  });
  return purged === 0 ? empty(404) : json(200, { instancesDeleted: purged });
}
