import { randomUUID } from 'node:crypto';
import { EventType, historyEvent } from './history.ts';
import type { ManagementCall } from './management.ts';
import { empty, invalidJson, json, problem, readBody } from './management-reply.ts';
import { accepted } from './management-start.ts';
import { type InstanceRecord, terminalStatuses } from './records.ts';
import { rewindInstance } from './rewind.ts';
import { commitAndRelease } from './runtime.ts';
import { startInside } from './start-instance.ts';

interface Verb {
  readonly type: number;
  /** The statuses that the verb may not be used in, beside the terminal ones. */
  readonly refusedIn: readonly string[];
}

const verbs: ReadonlyMap<string, Verb> = new Map([
  ['terminate', { type: EventType.ExecutionTerminated, refusedIn: [] }],
  ['suspend', { type: EventType.ExecutionSuspended, refusedIn: ['Suspended'] }],
  ['resume', { type: EventType.ExecutionResumed, refusedIn: ['Running', 'Pending'] }],
]);

async function send(
  call: ManagementCall,
  instanceId: string,
  fields: Parameters<typeof historyEvent>,
): Promise<Response> {
  const { runtime } = call;
  await commitAndRelease(runtime, (outbox) => {
    const event = historyEvent(...fields);
    outbox.messages.push(
      runtime.store.addMessage({ instanceId, executionId: null, due: null, event }),
    );
  });
  return empty(202);
}

async function control(
  call: ManagementCall,
  record: InstanceRecord,
  name: string,
  verb: Verb,
): Promise<Response> {
  if (verb.refusedIn.includes(record.status)) {
    return problem(500, 'Something went wrong while processing your request', {
      type: 'System.InvalidOperationException',
      message: `Cannot ${name} the orchestration instance ${record.id} because instance is in the ${record.status} state.`,
    });
  }
  const reason = call.query.get('reason');
  const fields =
    verb.type === EventType.ExecutionTerminated ? { Input: reason } : { Reason: reason };
  return send(call, record.id, [verb.type, call.runtime.clock.now(), fields]);
}

async function raiseEvent(
  call: ManagementCall,
  record: InstanceRecord,
  name: string,
): Promise<Response> {
  const type = call.request.headers.get('content-type') ?? '';
  if (!type.toLowerCase().startsWith('application/json')) {
    return problem(400, 'Only application/json request content is supported');
  }
  const body = await readBody(call.request);
  if (body.kind === 'refused') return body.response;
  if (body.kind === 'none' || body.kind === 'blank') return invalidJson('');
  return send(call, record.id, [
    EventType.EventRaised,
    call.runtime.clock.now(),
    { Name: name, Input: body.text },
  ]);
}

async function restart(call: ManagementCall, id: string): Promise<Response> {
  const { runtime } = call;
  const fresh = call.query.get('restartWithNewInstanceId')?.toLowerCase() !== 'false';
  const instanceId = fresh ? randomUUID().replaceAll('-', '') : id;
  const ending = await commitAndRelease(runtime, (outbox) => {
    const known = runtime.store.instance(id);
    if (known === undefined) return undefined;
    return startInside(runtime, outbox, {
      name: known.name,
      instanceId,
      input: known.input,
      version: null,
      restartOf: id,
    });
  });
  if (ending === undefined) {
    return problem(400, 'InstanceId does not match a valid orchestration instance.', {
      type: 'System.ArgumentException',
      message: `No instance with ID '${id}' was found. (Parameter 'instanceId')`,
    });
  }
  if (ending.kind === 'started') return accepted(call, instanceId);
  return problem(409, 'A non-terminal instance with this instance ID already exists.', {
    type: 'DurableTask.Core.Exceptions.OrchestrationAlreadyExistsException',
    message: `An Orchestration instance with the status ${ending.status} already exists.`,
  });
}

async function rewind(call: ManagementCall, id: string): Promise<Response> {
  const reason = call.query.get('reason');
  const status = await commitAndRelease(call.runtime, (outbox) =>
    rewindInstance(call.runtime, outbox, id, reason),
  );
  if (status === undefined) return json(404, `No orchestration with instance ID "$${id}" found.`);
  if (status === 'Failed') return empty(202);
  return json(
    412,
    `This orchestration has status ${status}, but only orchestrations in the "Failed" state can be rewound.`,
  );
}

/** POST instances/{id}/{verb}: 404 unknown, 410 ended, 202 accepted. */
export async function postToInstance(
  call: ManagementCall,
  id: string,
  rest: readonly string[],
): Promise<Response> {
  const [verb = '', eventName, ...more] = rest;
  const name = verb.toLowerCase();
  if (name === 'restart') return restart(call, id);
  if (name === 'rewind') return rewind(call, id);
  const verbFound = verbs.get(name);
  const isEvent = name === 'raiseevent' && eventName !== undefined && more.length === 0;
  if (verbFound === undefined && !isEvent) return empty(404);
  const record = call.runtime.store.instance(id);
  if (record === undefined) return empty(404);
  if (terminalStatuses.has(record.status)) return empty(410);
  if (verbFound !== undefined) return control(call, record, name, verbFound);
  return raiseEvent(call, record, eventName ?? '');
}
