import { randomUUID } from 'node:crypto';
import { EventType, type HistoryEvent, historyEvent } from './history.ts';
import { type InstanceRecord, type RuntimeStatus, terminalStatuses } from './records.ts';
import { RefusedShapeError } from './refused-shape.ts';
import { commitAndRelease, type Outbox, type Runtime } from './runtime.ts';

/** Tag of a restarted instance that has a new id; the worker's payload shows it as sourceInstanceId. */
export const sourceInstanceTag = 'MS_DurableFunctions_SourceInstanceId';

export interface StartRequest {
  readonly name: string;
  readonly instanceId: string;
  /** JSON text; null for no input. */
  readonly input: string | null;
  readonly version: string | null;
  /** Set by a restart: the instance that is run again. */
  readonly restartOf?: string;
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
    // The extension's client writes execution ids without dashes (recorded restarts).
    executionId: start.restartOf === undefined ? randomUUID() : randomUUID().replaceAll('-', ''),
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

/** The n-th instance under one id, from 0, as the Azure Storage provider counts them. */
function generationAfter(history: readonly HistoryEvent[]): number | null {
  const started = history.find((event) => event.EventType === EventType.ExecutionStarted);
  const last = started?.Generation;
  return last === null || last === undefined ? null : last + 1;
}

function tags({ restartOf, instanceId }: StartRequest): Readonly<Record<string, string>> | null {
  const moved = restartOf !== undefined && restartOf !== instanceId;
  return moved ? { [sourceInstanceTag]: restartOf } : null;
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
  const generation = known === undefined ? 0 : generationAfter(store.history(known.row));
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
    Tags: tags(start),
    Generation: generation,
  });
  outbox.messages.push(store.addMessage({ instanceId, executionId, due: null, event }));
  return { kind: 'started' };
}

/** Starts an orchestration; resolves when the start is durable. */
export function startInstance(runtime: Runtime, start: StartRequest): Promise<StartEnding> {
  return commitAndRelease(runtime, (outbox) => startInside(runtime, outbox, start));
}
