import { isObject } from './actions.ts';
import { type EntityRequest, entityFromId, entityId, entityResponse } from './entity-messages.ts';
import { planBatch } from './entity-plan.ts';
import { EventType, historyEvent } from './history.ts';
import { type EntityRecord, type Message, terminalStatuses } from './records.ts';
import { commitAndRelease, type Outbox, type Runtime } from './runtime.ts';

const lockGranted = 'Lock Acquisition Completed';

interface Reply {
  readonly to: EntityRequest;
  readonly result: string | undefined;
  readonly failed: boolean;
}

interface BatchAnswer {
  readonly exists: boolean;
  readonly state: string | null;
  readonly replies: readonly Reply[];
  readonly signals: readonly {
    readonly target: string;
    readonly op: string;
    readonly input: string | null;
  }[];
}

function failAll(
  entity: EntityRecord,
  operations: readonly EntityRequest[],
  message: string,
): BatchAnswer {
  const result = JSON.stringify(message);
  const replies = operations.map((to) => ({ to, result, failed: true }));
  return { exists: entity.exists, state: entity.state, replies, signals: [] };
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function readAnswer(value: unknown, operations: readonly EntityRequest[]): BatchAnswer {
  const answer = isObject(value) ? value : {};
  const results = list(answer['results']);
  const replies = operations.map((to, index) => {
    const one = results[index];
    const result = isObject(one) && typeof one['result'] === 'string' ? one['result'] : undefined;
    return { to, result, failed: isObject(one) && one['isError'] === true };
  });
  const signals = list(answer['signals']).flatMap((signal) => {
    const target = isObject(signal) ? signal['target'] : undefined;
    if (!isObject(signal) || !isObject(target)) return [];
    const input =
      typeof signal['input'] === 'string' && signal['input'] !== '' ? signal['input'] : null;
    const name = { name: String(target['name']), key: String(target['key']) };
    return [{ target: entityId(name), op: String(signal['name']), input }];
  });
  const state = typeof answer['entityState'] === 'string' ? answer['entityState'] : null;
  return { exists: answer['entityExists'] === true, state, replies, signals };
}

async function invoke(
  runtime: Runtime,
  entity: EntityRecord,
  operations: readonly EntityRequest[],
): Promise<BatchAnswer> {
  const unchanged = { exists: entity.exists, state: entity.state, replies: [], signals: [] };
  if (operations.length === 0) return unchanged;
  const self = entityFromId(entity.id);
  const name = self === undefined ? undefined : runtime.worker.find('entity', self.name);
  if (self === undefined || name === undefined)
    return failAll(entity, operations, 'The entity is not registered.');
  const batch = operations.map(({ op, input, signal, id }) => ({
    name: op,
    input,
    isSignal: signal,
    id,
  }));
  try {
    const payload = { self, exists: entity.exists, state: entity.state, batch };
    return readAnswer(await runtime.worker.invokeEntity(name, payload), operations);
  } catch (error) {
    return failAll(entity, operations, error instanceof Error ? error.message : String(error));
  }
}

interface Send {
  readonly to: string;
  readonly executionId: string | null;
  readonly name: string;
  readonly input: string;
}

function send(runtime: Runtime, outbox: Outbox, { to, executionId, name, input }: Send): void {
  const event = historyEvent(EventType.EventRaised, runtime.clock.now(), {
    Name: name,
    Input: input,
  });
  outbox.messages.push(runtime.store.addMessage({ instanceId: to, executionId, due: null, event }));
}

function reply(runtime: Runtime, outbox: Outbox, { to, result, failed }: Reply): void {
  if (to.signal === true || to.parent === undefined) return;
  const executionId = to.parentExecution ?? null;
  send(runtime, outbox, {
    to: to.parent,
    executionId,
    name: to.id,
    input: entityResponse(result, failed),
  });
}

/** A granted lock is passed on to the next entity of the set; the last one answers the orchestration. */
function passLockOn(runtime: Runtime, outbox: Outbox, request: EntityRequest): void {
  const pos = (request.pos ?? 0) + 1;
  const next = request.lockset?.[pos];
  if (next === undefined) {
    reply(runtime, outbox, { to: request, result: lockGranted, failed: false });
    return;
  }
  const input = JSON.stringify({ ...request, pos });
  send(runtime, outbox, { to: next, executionId: null, name: 'op', input });
}

function blank(id: string, now: number): EntityRecord {
  return {
    id,
    exists: false,
    state: null,
    lockedBy: null,
    queue: [],
    createdAt: now,
    updatedAt: now,
  };
}

/** Runs one batch of an entity: mail consumed, state, answers and signals in one transaction. */
export async function runEntityBatch(
  runtime: Runtime,
  id: string,
  batch: readonly Message[],
): Promise<void> {
  const { store } = runtime;
  const now = runtime.clock.now();
  const entity = store.entity(id) ?? blank(id, now);
  const plan = planBatch(
    entity,
    batch.map((message) => message.event),
    (holder) => {
      const status = store.instance(holder)?.status;
      return status !== undefined && !terminalStatuses.has(status);
    },
  );
  const answer = await invoke(runtime, entity, plan.operations);
  await commitAndRelease(runtime, (outbox) => {
    for (const message of batch) store.deleteMessage(message.id);
    const { exists, state } = answer;
    const { lockedBy, queue } = plan;
    if (exists || lockedBy !== null || queue.length > 0) {
      store.putEntity({ ...entity, exists, state, lockedBy, queue, updatedAt: now });
    } else store.deleteEntity(id);
    for (const one of answer.replies) reply(runtime, outbox, one);
    for (const { target, op, input } of answer.signals) {
      const request = { op, signal: true, input, id: crypto.randomUUID() };
      send(runtime, outbox, {
        to: target,
        executionId: null,
        name: 'op',
        input: JSON.stringify(request),
      });
    }
    for (const request of plan.granted) passLockOn(runtime, outbox, request);
  });
}
