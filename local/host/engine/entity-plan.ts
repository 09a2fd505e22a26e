import { isObject } from './actions.ts';
import { type EntityRequest, entityId } from './entity-messages.ts';
import type { HistoryEvent } from './history.ts';
import type { EntityRecord } from './records.ts';

/** Sorted mail of one batch: what to run, what waits for the lock, which locks were granted. */
export interface EntityPlan {
  readonly operations: EntityRequest[];
  readonly queue: HistoryEvent[];
  readonly granted: EntityRequest[];
  lockedBy: string | null;
}

function lockedEntity(value: unknown): string {
  if (!isObject(value)) return String(value);
  return entityId({ name: String(value['name']), key: String(value['key']) });
}

function requestOf(event: HistoryEvent): EntityRequest | undefined {
  const value: unknown = JSON.parse(event.Input ?? 'null');
  if (!isObject(value) || typeof value['id'] !== 'string') return undefined;
  const { id, op, input, parent, parentExecution, lockset, pos } = value;
  return {
    id,
    op: typeof op === 'string' ? op : null,
    signal: value['signal'] === true,
    input: typeof input === 'string' ? input : null,
    ...(typeof parent === 'string' ? { parent } : {}),
    ...(typeof parentExecution === 'string' ? { parentExecution } : {}),
    ...(Array.isArray(lockset) ? { lockset: lockset.map(lockedEntity) } : {}),
    pos: typeof pos === 'number' ? pos : 0,
  };
}

function blocks(plan: EntityPlan, sender: string | null): boolean {
  return plan.lockedBy !== null && plan.lockedBy !== sender;
}

/** Tells whether an orchestration can still hold a lock. */
export type IsAlive = (instanceId: string) => boolean;

/** Takes one letter; returns the mail that a release set free. */
function takeLetter(
  plan: EntityPlan,
  event: HistoryEvent,
  isAlive: IsAlive,
): readonly HistoryEvent[] {
  const request = requestOf(event);
  if (request === undefined) return [];
  const sender = request.parent ?? null;
  if (event.Name === 'release') {
    if (plan.lockedBy !== sender) return [];
    plan.lockedBy = null;
    return plan.queue.splice(0);
  }
  if (blocks(plan, sender)) plan.queue.push(event);
  else if (request.lockset === undefined) plan.operations.push(request);
  else if (sender !== null && isAlive(sender)) {
    plan.lockedBy = sender;
    plan.granted.push(request);
  }
  return [];
}

/** Takes mail in order; an orchestration that has ended gets no lock; while locked, everything but the holder's mail waits (facts durable-host 1.5). */
export function planBatch(
  entity: EntityRecord,
  mail: readonly HistoryEvent[],
  isAlive: IsAlive,
): EntityPlan {
  const { lockedBy, queue } = entity;
  const plan: EntityPlan = { operations: [], queue: [...queue], granted: [], lockedBy };
  const pending = [...mail];
  for (let event = pending.shift(); event !== undefined; event = pending.shift()) {
    pending.unshift(...takeLetter(plan, event, isAlive));
  }
  return plan;
}
