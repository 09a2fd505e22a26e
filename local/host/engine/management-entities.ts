import { randomUUID } from 'node:crypto';
import { entityFromId, entityId } from './entity-messages.ts';
import { unknownFunction } from './failure-text.ts';
import { EventType, historyEvent } from './history.ts';
import type { ManagementCall } from './management.ts';
import { empty, json, problem, readBody } from './management-reply.ts';
import type { EntityRecord } from './records.ts';
import { commitAndRelease } from './runtime.ts';
import { entityFromRow } from './store-rows.ts';

interface Operation {
  readonly op: string;
  readonly input: string | null;
}

/** Sends a signal as the extension's client does; an unregistered name is refused. */
async function signal(
  { runtime }: ManagementCall,
  id: string,
  { op, input }: Operation,
): Promise<Response> {
  const name = entityFromId(id)?.name ?? '';
  if (runtime.worker.find('entity', name) === undefined)
    return problem(400, unknownFunction('entity', name, runtime.worker));
  const request = { op, signal: true, ...(input === null ? {} : { input }), id: randomUUID() };
  await commitAndRelease(runtime, (outbox) => {
    const event = historyEvent(EventType.EventRaised, runtime.clock.now(), {
      Name: 'op',
      Input: JSON.stringify(request),
    });
    outbox.messages.push(
      runtime.store.addMessage({ instanceId: id, executionId: null, due: null, event }),
    );
  });
  return empty(202);
}

async function post(call: ManagementCall, id: string): Promise<Response> {
  const op = call.query.get('op') ?? '';
  const body = await readBody(call.request);
  if (body.kind === 'refused') return body.response;
  const input = body.kind === 'none' || body.kind === 'blank' ? null : body.text;
  return signal(call, id, { op, input });
}

function read({ runtime }: ManagementCall, id: string): Response {
  const entity = runtime.store.entity(id);
  if (entity === undefined || !entity.exists || entity.state === null) return empty(404);
  return json(200, JSON.parse(entity.state));
}

function listed(entity: EntityRecord, fetchState: boolean): unknown {
  const state = entity.state === null ? null : JSON.parse(entity.state);
  return {
    entityId: entityFromId(entity.id),
    lastOperationTime: new Date(entity.updatedAt).toISOString(),
    ...(fetchState ? { state } : {}),
  };
}

/** Entities that exist, by id; all in one page. */
function list({ runtime, query }: ManagementCall, name: string | undefined): Response {
  const fetchState = query.get('fetchState')?.toLowerCase() === 'true';
  const prefix = name === undefined ? '@' : entityId({ name, key: '' });
  const rows = runtime.store.all(
    'SELECT * FROM entities WHERE present = 1 AND id >= ? AND id < ? ORDER BY id',
    prefix,
    `${prefix}\u{10ffff}`,
  );
  const entities = rows.map((row) => listed(entityFromRow(row), fetchState));
  return json(200, entities, { 'x-ms-continuation-token': '' });
}

/** entities/{name}/{key}: POST signals (202), DELETE signals "delete", GET reads the state (200 or 404); without a key GET lists. */
export async function entityRoute(call: ManagementCall): Promise<Response> {
  const [, name, key, ...more] = call.path;
  const { method } = call.request;
  if (more.length > 0) return empty(404);
  if (name === undefined || key === undefined)
    return method === 'GET' ? list(call, name) : empty(404);
  // The extension's route cannot hold an empty key; '$' stands for it.
  const id = entityId({ name, key: key === '$' ? '' : key });
  if (method === 'POST') return post(call, id);
  if (method === 'DELETE') return signal(call, id, { op: 'delete', input: null });
  return method === 'GET' ? read(call, id) : empty(404);
}
