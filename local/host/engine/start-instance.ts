import { randomUUID } from 'node:crypto';
import { EventType, historyEvent } from './history.ts';
import { type InstanceRecord, type RuntimeStatus, terminalStatuses } from './records.ts';
import { RefusedShapeError } from './refused-shape.ts';
import { commitAndRelease, type Outbox, type Runtime } from './runtime.ts';

export interface StartRequest {
  readonly name: string;
  readonly instanceId: string;
  /** JSON text; null for no input. */
  readonly input: string | null;
  readonly version: string | null;
}

export type StartEnding =
  | { readonly kind: 'started' }
  | { readonly kind: 'exists'; readonly status: RuntimeStatus };

function insert(runtime: Runtime, start: StartRequest, now: number): InstanceRecord {
  const { name, instanceId, input } = start;
  const refused =
    start.version === null
      ? undefined
      : new RefusedShapeError(
          'VERSION_NOT_SERVED',
          `The start asks for version '${start.version}', and the app sets no defaultVersion.`,
          'Start without a version.',
        );
  return runtime.store.insertInstance({
    id: instanceId,
    name,
    executionId: randomUUID(),
    parent: null,
    status: refused === undefined ? 'Pending' : 'Failed',
    input,
    output: refused === undefined ? null : JSON.stringify(refused.message),
    customStatus: null,
    createdAt: now,
    updatedAt: now,
    generation: 0,
    owesEpisode: false,
  });
}

/**
 * Creates an instance inside the caller's transaction, so that a deterministic
 * id is a safe singleton guard: an instance with that id that has not ended
 * wins, an ended one is replaced wholly.
 */
export function startInside(runtime: Runtime, outbox: Outbox, start: StartRequest): StartEnding {
  const { store } = runtime;
  const known = store.instance(start.instanceId);
  if (known !== undefined && !terminalStatuses.has(known.status)) {
    return { kind: 'exists', status: known.status };
  }
  if (known !== undefined) store.deleteInstance(known);
  runtime.cache.drop(start.instanceId);
  const now = runtime.clock.now();
  const { id: instanceId, executionId, status } = insert(runtime, start, now);
  if (terminalStatuses.has(status)) return { kind: 'started' };
  const event = historyEvent(EventType.ExecutionStarted, now, {
    OrchestrationInstance: { InstanceId: instanceId, ExecutionId: executionId },
    ParentInstance: null,
    Name: start.name,
    Version: null,
    Input: start.input,
    Tags: null,
    Generation: 0,
  });
  outbox.messages.push(store.addMessage({ instanceId, executionId, due: null, event }));
  return { kind: 'started' };
}

/** Starts an orchestration; resolves when the start is durable. */
export function startInstance(runtime: Runtime, start: StartRequest): Promise<StartEnding> {
  return commitAndRelease(runtime, (outbox) => startInside(runtime, outbox, start));
}
