import type { DatabaseSync } from 'node:sqlite';
import { resourceTypes } from '../definitions.ts';
import type { BulkFaults, Jobs } from '../jobs/index.ts';
import { notFound } from '../outcome.ts';
import type { Numbering } from '../store/database.ts';
import type { Outbox } from '../store/outbox.ts';
import type { Calls } from './calls.ts';
import type { Faults } from './faults.ts';
import type { Roles } from './roles.ts';
import type { SkewedClock } from './skewed-clock.ts';
import type { Throttle } from './throttle.ts';

export interface ControlParts {
  readonly database: DatabaseSync;
  readonly outbox: Outbox;
  readonly agents: Numbering;
  readonly calls: Calls;
  readonly faults: Faults;
  readonly throttle: Throttle;
  readonly roles: Roles;
  readonly clock: SkewedClock;
  readonly jobs: Jobs;
  readonly bulkFaults: BulkFaults;
}

export interface ControlRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

/** Jobs of which the times are told at most. */
const mostJobs = 1000;

/** Answers what tests and the launcher ask about this stand-in; no part of FHIR. */
export function createControl(parts: ControlParts) {
  const counts = parts.database.prepare(
    'SELECT type, count(*) AS n FROM resource WHERE live = 1 GROUP BY type',
  );
  const writes = parts.database.prepare(
    `SELECT seq, type, id, version, method, agent FROM resource WHERE seq > ?1
     UNION ALL SELECT seq, type, id, NULL, 'HARD-DELETE', agent FROM hard_delete WHERE seq > ?1
     UNION ALL SELECT seq, type, id, NULL, 'PURGE-HISTORY', agent FROM history_purge WHERE seq > ?1
     ORDER BY seq LIMIT ?2`,
  );
  const typeName = (number: unknown) => resourceTypes[Number(number)] ?? '';

  function status() {
    const outbox = parts.outbox.count();
    const jobs = parts.jobs.unfinished().length;
    const rows = counts.all();
    const resourcesByType = Object.fromEntries(
      rows.map((row) => [typeName(row['type']), Number(row['n'])]),
    );
    return {
      idle: outbox === 0 && parts.calls.running() === 0 && jobs === 0,
      outbox,
      jobs,
      resources: rows.reduce((sum, row) => sum + Number(row['n']), 0),
      resourcesByType,
      ...parts.calls.summary(),
    };
  }

  /**
   * Writes in the order of their lastUpdated; `sequence` of the last one, a whole
   * number too large for JavaScript's, is the `since` of the next page.
   */
  function writesSince(query: URLSearchParams) {
    const limit = Math.min(Number(query.get('limit') ?? 10_000) || 10_000, 100_000);
    const rows = writes.all(sequence(query.get('since')), limit);
    return {
      writes: rows.map((row) => ({
        sequence: String(row['seq']),
        type: typeName(row['type']),
        id: String(row['id']),
        version: row['version'] === null ? null : Number(row['version']),
        kind: kindOf(String(row['method']), Number(row['version'])),
        userAgent: parts.agents.nameOf(Number(row['agent'])),
      })),
    };
  }

  return (request: ControlRequest): unknown => {
    const route = `${request.method} ${request.path}`;
    if (request.path === '/_control/roles') return setRoles(parts.roles, request);
    if (route === 'GET /_control/jobs') return { jobs: parts.jobs.times(mostJobs) };
    if (request.path === '/_control/bulk-faults') return bulkFaults(parts.bulkFaults, request);
    switch (route) {
      case 'GET /_control/status':
        return status();
      case 'GET /_control/writes':
        return writesSince(request.query);
      case 'GET /_control/throttle':
        return parts.throttle.state();
      case 'POST /_control/throttle':
        return parts.throttle.set(request.body);
      case 'GET /_control/clock':
        return parts.clock.state();
      case 'POST /_control/clock':
        return parts.clock.set(request.body);
      case 'GET /_control/faults':
        return { faults: parts.faults.list() };
      case 'POST /_control/faults':
        parts.faults.arm(request.body);
        return { faults: parts.faults.list() };
      case 'DELETE /_control/faults':
        parts.faults.clear();
        return { faults: [] };
      default:
        throw notFound(`There is no control endpoint '${route}'.`);
    }
  };
}

/** Gives roles to bearer tokens (POST), or takes them all back (DELETE). */
function setRoles(roles: Roles, { method, body }: ControlRequest): unknown {
  if (method === 'DELETE') roles.clear();
  else roles.assign(body);
  return {};
}

/** Lists, arms (POST) or clears (DELETE) the faults of bulk operations. */
function bulkFaults(faults: BulkFaults, { method, body }: ControlRequest): unknown {
  if (method === 'POST') faults.arm(body);
  if (method === 'DELETE') faults.clear();
  return faults.list();
}

function sequence(text: string | null): bigint {
  return text !== null && /^-?\d{1,19}$/.test(text) ? BigInt(text) : 0n;
}

export type Control = ReturnType<typeof createControl>;

function kindOf(
  method: string,
  version: number,
): 'create' | 'update' | 'delete' | 'hard-delete' | 'purge-history' {
  if (method === 'PURGE-HISTORY') return 'purge-history';
  if (method === 'HARD-DELETE') return 'hard-delete';
  if (method === 'DELETE') return 'delete';
  return version === 1 ? 'create' : 'update';
}
