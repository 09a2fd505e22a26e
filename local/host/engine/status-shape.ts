import { EventType, type HistoryEvent } from './history.ts';
import type { EntityRecord, InstanceRecord } from './records.ts';

export interface StatusFlags {
  readonly showInput: boolean;
  readonly showHistory: boolean;
  readonly showHistoryOutput: boolean;
}

function seconds(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

function value(text: string | null | undefined): unknown {
  if (text === null || text === undefined) return null;
  return text.trim() === '' ? '' : JSON.parse(text);
}

const typeNames: ReadonlyMap<number, string> = new Map(
  Object.entries(EventType).map(([name, number]) => [number, name]),
);

const brackets: ReadonlySet<number> = new Set([
  EventType.OrchestratorStarted,
  EventType.OrchestratorCompleted,
]);

const foldable: ReadonlySet<number> = new Set([
  EventType.TaskScheduled,
  EventType.SubOrchestrationInstanceCreated,
]);

const startedFields = {
  Correlation: null,
  ParentTraceContext: null,
  ScheduledStartTime: null,
  GenerateNewTrace: false,
};

/** Members that the extension's events carry beside those of the worker's payload (recorded shapes). */
function extras(event: HistoryEvent): Record<string, unknown> {
  const { Name, Tags = null } = event;
  switch (event.EventType) {
    case EventType.ExecutionStarted:
      return { ...startedFields, Generation: event.Generation ?? null };
    case EventType.EventRaised:
      return { Name, ParentTraceContext: null };
    case EventType.EventSent:
      return { Name };
    case EventType.TaskScheduled:
      return { Name, ParentTraceContext: null, Tags };
    case EventType.SubOrchestrationInstanceCreated:
      return { Name, ClientSpanId: null, Tags };
    case EventType.ExecutionCompleted:
      return { FailureDetails: null };
    default:
      return {};
  }
}

function plain(event: HistoryEvent): Record<string, unknown> {
  const { EventId, IsPlayed, TaskScheduledId, TimerId, Result, ...rest } = event;
  const { OrchestrationInstance, ParentInstance, Name, Version, Tags, ...fields } = rest;
  return {
    ...fields,
    ...extras(event),
    EventType: typeNames.get(event.EventType) ?? event.EventType,
  };
}

function shapeEvent(
  event: HistoryEvent,
  scheduled: ReadonlyMap<number, HistoryEvent>,
  withOutput: boolean,
): Record<string, unknown> {
  const shaped = plain(event);
  if (withOutput && 'Result' in event) shaped['Result'] = value(event.Result);
  if (event.EventType === EventType.ExecutionStarted) shaped['FunctionName'] = event.Name;
  const origin =
    event.TaskScheduledId === undefined ? undefined : scheduled.get(event.TaskScheduledId);
  if (origin === undefined) return shaped;
  shaped['ScheduledTime'] = origin.Timestamp;
  shaped['FunctionName'] = origin.Name;
  if (origin.InstanceId !== undefined) shaped['InstanceId'] = origin.InstanceId;
  shaped['Input'] = null;
  return shaped;
}

/** The key that the extension's own table of scheduled tasks trips over, if there is one. */
export function repeatedTask(history: readonly HistoryEvent[]): string | undefined {
  const seen = new Set<string>();
  for (const { EventType: type, EventId } of history) {
    if (!foldable.has(type)) continue;
    const key = `${typeNames.get(type)}_${EventId}`;
    if (seen.has(key)) return key;
    seen.add(key);
  }
  return undefined;
}

/** History as showHistory answers it: bookkeeping dropped, scheduling folded into its completion (facts durable-host 1.6). */
export function shapeHistory(
  history: readonly HistoryEvent[],
  withOutput: boolean,
): readonly unknown[] {
  const scheduled = new Map(
    history.filter((event) => event.EventId >= 0).map((event) => [event.EventId, event]),
  );
  const ended = new Set(history.map((event) => event.TaskScheduledId));
  return history
    .filter((event) => !brackets.has(event.EventType))
    .filter((event) => !foldable.has(event.EventType) || !ended.has(event.EventId))
    .map((event) => shapeEvent(event, scheduled, withOutput));
}

/**
 * An entity as a status body. On the real host it is an orchestration that
 * never ends, named by its id; its input is the scheduler's state.
 */
export function shapeEntity(
  entity: EntityRecord,
  showInput: boolean,
): Readonly<Record<string, unknown>> {
  const { id, exists, state, lockedBy } = entity;
  const locked = lockedBy === null ? {} : { lockedBy };
  const content = { ...(exists ? { exists } : {}), ...(state === null ? {} : { state }) };
  return {
    name: id,
    instanceId: id,
    runtimeStatus: 'Running',
    input: showInput ? { ...content, ...locked, sorter: {} } : null,
    customStatus: { ...(exists ? { entityExists: exists } : {}), ...locked },
    output: null,
    createdTime: seconds(entity.createdAt),
    lastUpdatedTime: seconds(entity.updatedAt),
  };
}

/** The status body of one instance. */
export function shapeStatus(
  record: InstanceRecord,
  flags: StatusFlags,
  history?: readonly HistoryEvent[],
): Readonly<Record<string, unknown>> {
  return {
    name: record.name,
    instanceId: record.id,
    ...(record.parent === null ? {} : { parentInstanceId: record.parent.instanceId }),
    runtimeStatus: record.status,
    input: flags.showInput ? value(record.input) : null,
    customStatus: value(record.customStatus),
    output: value(record.output),
    createdTime: seconds(record.createdAt),
    lastUpdatedTime: seconds(record.updatedAt),
    ...(history === undefined || history.length === 0
      ? {}
      : { historyEvents: shapeHistory(history, flags.showHistoryOutput) }),
  };
}
