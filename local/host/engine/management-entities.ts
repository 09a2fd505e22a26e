import { randomUUID } from 'node:crypto';
import { entityFromId, entityId } from './entity-messages.ts';
import { EventType, historyEvent } from './history.ts';
import type { ManagementCall } from './management.ts';
import { empty, json, problem, readBody } from './management-reply.ts';
import { textOf, textOrNull } from './row.ts';
import { commitAndRelease } from './runtime.ts';

async function signal(call: ManagementCall, id: string): Promise<Response> {
  const { runtime, query } = call;
  const name = entityFromId(id)?.name ?? '';
  if (runtime.worker.find('entity', name) === undefined) {
    return problem(400, `The entity '${name}' is not registered. Register it with df.app.entity.`);
  }
  const body = await readBody(call.request);
  if (body.kind === 'refused') return body.response;
  const input = body.kind === 'none' ? null : body.text;
  const request = { op: query.get('op') ?? '', signal: true, input, id: randomUUID() };
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

function read({ runtime }: ManagementCall, id: string): Response {
  const entity = runtime.store.entity(id);
  if (entity === undefined || !entity.exists || entity.state === null) return empty(404);
  return json(200, JSON.parse(entity.state));
}

function list({ runtime, query }: ManagementCall, name: string | undefined): Response {
  const fetchState = query.get('fetchState')?.toLowerCase() === 'true';
  const rows = runtime.store.all('SELECT id, state FROM entities WHERE present = 1 ORDER BY id');
  const entities = rows.flatMap((row) => {
    const self = entityFromId(textOf(row, 'id'));
    if (self === undefined || (name !== undefined && self.name !== name.toLowerCase())) return [];
    const state = textOrNull(row, 'state');
    return [
      {
        entityId: self,
        ...(fetchState ? { state: state === null ? null : JSON.parse(state) } : {}),
      },
    ];
  });
  return json(200, entities);
}

/** entities/{name}/{key}: POST signals (202), GET reads the state (200 or 404); without a key GET lists. */
export async function entityRoute(call: ManagementCall): Promise<Response> {
  const [, name, key, ...more] = call.path;
  const { method } = call.request;
  if (more.length > 0) return empty(404);
  if (name === undefined || key === undefined)
    return method === 'GET' ? list(call, name) : empty(404);
  const id = entityId({ name, key });
  if (method === 'POST') return signal(call, id);
  return method === 'GET' ? read(call, id) : empty(404);
}
