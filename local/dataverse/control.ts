import { z } from 'zod';
import { type ApiRequest, type ApiResponse, emptyResponse, jsonResponse } from './api-message.ts';
import type { CallCounts } from './call-counts.ts';
import { type Clock, clockSchema } from './clock.ts';
import { rowsTable } from './database.ts';
import { type ElasticReplica, replicaSchema } from './elastic/session-token.ts';
import type { DeliveryQueue } from './events/delivery-queue.ts';
import { type PluginRules, rulesSchema } from './events/plugin-rules.ts';
import { faultsSchema } from './fault-rule.ts';
import type { FaultPlan } from './faults.ts';
import type { Model } from './model.ts';
import { platformAgent } from './platform-agent.ts';
import { platformTables } from './platform-rows.ts';
import { DataverseError } from './protocol-error.ts';
import type { RowStore } from './row-store.ts';
import { addUser, userSchema } from './security/control-users.ts';
import { protectionSchema, type ServiceProtection } from './service-protection.ts';

export interface ControlState {
  readonly model: Model;
  readonly store: RowStore;
  readonly counts: CallCounts;
  readonly faults: FaultPlan;
  readonly clock: Clock;
  readonly protection: ServiceProtection;
  readonly rules: PluginRules;
  readonly replica: ElasticReplica;
  readonly queue: DeliveryQueue;
  /** Calls being handled now. */
  readonly running: () => number;
}

const writesPage = 10_000;

function status(state: ControlState): ApiResponse {
  const { model, store, counts, faults, rules, queue } = state;
  const { pending: pendingDeliveries } = queue;
  const rows = [...model.tables.values()]
    .filter((table) => !platformTables.has(table.name))
    .map((table) => [table.name, store.count(table)] as const)
    .filter(([, count]) => count > 0);
  return jsonResponse(200, {
    idle: state.running() === 0 && pendingDeliveries === 0,
    rows: Object.fromEntries(rows),
    calls: counts.byAgent(),
    callsByKind: counts.byKind(),
    pendingFaults: faults.pending,
    seededFaults: faults.seeded,
    pendingDeliveries,
    plugins: rules.count,
    lastSequence: store.version,
  });
}

/** `?since=n&limit=m`: recorded writes with a sequence over n, oldest first. */
function writes(state: ControlState, query: string): ApiResponse {
  const options = new URLSearchParams(query);
  const since = Number(options.get('since') ?? 0);
  const limit = Math.min(Number(options.get('limit') ?? writesPage), writesPage);
  if (!Number.isInteger(since) || !Number.isInteger(limit) || limit < 1) {
    throw new DataverseError(400, '0x0', "'since' and 'limit' are whole numbers.");
  }
  const rows = state.store
    .prepare(
      `SELECT w.sequence, w.tbl, w.id, w.kind, w.columns, w.agent, w.at, w.user, w.tag,
        json_extract(u.body,'$.applicationid') AS application
        FROM writes w LEFT JOIN ${rowsTable('systemuser')} u ON u.id=w.user
        WHERE w.sequence>? AND w.agent<>? ORDER BY w.sequence LIMIT ?`,
    )
    .all(since, platformAgent, limit);
  const value = rows.map((row) => ({
    sequence: row['sequence'],
    table: row['tbl'],
    id: row['id'],
    kind: row['kind'],
    columns: JSON.parse(String(row['columns'])),
    agent: row['agent'],
    user: row['user'],
    application: row['application'],
    tag: row['tag'],
    at: new Date(Number(row['at'])).toISOString(),
  }));
  return jsonResponse(200, { writes: value, next: value.at(-1)?.sequence ?? since });
}

function parse<T>(schema: z.ZodType<T>, body: string): T {
  try {
    return schema.parse(JSON.parse(body));
  } catch (error) {
    const detail = error instanceof z.ZodError ? z.prettifyError(error) : 'the body is not JSON';
    throw new DataverseError(400, '0x0', `The control request is not valid: ${detail}`);
  }
}

function setFaults(state: ControlState, request: ApiRequest): ApiResponse {
  if (request.method === 'DELETE') {
    state.faults.clear();
    return emptyResponse(204);
  }
  state.faults.add(parse(faultsSchema, request.body));
  const { pending: pendingFaults, seeded: seededFaults } = state.faults;
  return jsonResponse(200, { pendingFaults, seededFaults });
}

function setClock(state: ControlState, request: ApiRequest): ApiResponse {
  state.clock.set(request.method === 'DELETE' ? { skewMs: 0 } : parse(clockSchema, request.body));
  return jsonResponse(200, { now: new Date(state.clock.now()).toISOString() });
}

/** `POST /_control/protection` with limits switches them on, `DELETE` off. */
function setProtection(state: ControlState, request: ApiRequest): ApiResponse {
  state.protection.limits =
    request.method === 'DELETE' ? undefined : parse(protectionSchema, request.body);
  return jsonResponse(200, { protection: state.protection.limits ?? null });
}

/** `POST /_control/plugins` adds scripted plug-ins, `DELETE` forgets them all. */
function setPlugins(state: ControlState, request: ApiRequest): ApiResponse {
  if (request.method === 'DELETE') {
    state.rules.clear();
    return emptyResponse(204);
  }
  state.rules.add(parse(rulesSchema, request.body), state.model);
  return jsonResponse(200, { plugins: state.rules.count });
}

/** `POST /_control/elastic` with `{"readsLag": true}` makes reads of elastic tables stale, `DELETE` ends it. */
function setElastic(state: ControlState, request: ApiRequest): ApiResponse {
  const { readsLag } =
    request.method === 'DELETE' ? { readsLag: false } : parse(replicaSchema, request.body);
  state.replica.readsLag = readsLag;
  return jsonResponse(200, { readsLag });
}

/** Answers `/_control/<name>`. */
export function controlResponse(state: ControlState, request: ApiRequest): ApiResponse {
  switch (`${request.method === 'DELETE' ? 'POST' : request.method} ${request.path}`) {
    case 'GET status':
      return status(state);
    case 'GET writes':
      return writes(state, request.query);
    case 'POST faults':
      return setFaults(state, request);
    case 'POST protection':
      return setProtection(state, request);
    case 'POST clock':
      return setClock(state, request);
    case 'POST elastic':
      return setElastic(state, request);
    case 'POST users':
      return jsonResponse(200, addUser(state, parse(userSchema, request.body)));
    case 'POST plugins':
      return setPlugins(state, request);
    default:
      throw new DataverseError(
        404,
        '0x8006088a',
        'The control endpoints are GET status, GET writes, POST and DELETE faults, POST and DELETE protection, POST and DELETE plugins, POST and DELETE clock, POST and DELETE elastic, POST users.',
      );
  }
}
