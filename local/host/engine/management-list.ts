import type { SQLInputValue } from 'node:sqlite';
import type { ManagementCall } from './management.ts';
import { empty, json, problem } from './management-reply.ts';
import type { InstanceRecord } from './records.ts';
import { shapeStatus } from './status-shape.ts';
import { instanceFromRow } from './store-rows.ts';

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

interface Filter {
  readonly where: string;
  readonly values: readonly SQLInputValue[];
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
  const wanted = statuses(query);
  if (wanted.length > 0) {
    clauses.push(`status IN (${wanted.map(() => '?').join(', ')})`);
    values.push(...wanted);
  }
  const prefix = query.get('instanceIdPrefix');
  if (prefix !== null && prefix !== '') {
    clauses.push('id >= ? AND id < ?');
    values.push(prefix, `${prefix}\u{10ffff}`);
  }
  return { kind: 'filter', filter: { where: clauses.join(' AND '), values } };
}

function wrongField(field: string): Response {
  return problem(400, `The query parameter ${field} is no date. Write it as 2026-01-31T00:00:00Z.`);
}

/** GET instances/: oldest first, pages of `top`, continued by the header x-ms-continuation-token. */
export function listInstances({ runtime, request, query }: ManagementCall): Response {
  const parsed = parseFilter(query);
  if (parsed.kind === 'wrong') return wrongField(parsed.field);
  const top = Number(query.get('top') ?? defaultPage);
  const page = Number.isInteger(top) && top > 0 ? Math.min(top, 1000) : defaultPage;
  const token = Number(request.headers.get('x-ms-continuation-token') ?? 0);
  const after = Number.isInteger(token) ? token : 0;
  const { where, values } = parsed.filter;
  const records = runtime.store
    .all(
      `SELECT * FROM instances WHERE row > ? AND ${where} ORDER BY row LIMIT ?`,
      after,
      ...values,
      page + 1,
    )
    .map(instanceFromRow);
  const flags = {
    showInput: query.get('showInput')?.toLowerCase() !== 'false',
    showHistory: false,
    showHistoryOutput: false,
  };
  const shown = records.slice(0, page);
  const next = records.length > page ? String(shown.at(-1)?.row ?? 0) : undefined;
  const body = shown.map((record) => shapeStatus(record, flags));
  // The extension sends the header on the last page too, without a value.
  return json(200, body, { 'x-ms-continuation-token': next ?? '' });
}

/** DELETE instances/: ended instances of a time range; 404 when there is none. */
export async function purgeInstances({ runtime, query }: ManagementCall): Promise<Response> {
  if ((query.get('createdTimeFrom') ?? '') === '') {
    return json(400, "Please provide value for 'createdTimeFrom' parameter.");
  }
  const parsed = parseFilter(query);
  if (parsed.kind === 'wrong') return wrongField(parsed.field);
  const { where, values } = parsed.filter;
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
