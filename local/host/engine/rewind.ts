import { randomUUID } from 'node:crypto';
import { EventType, type HistoryEvent, historyEvent } from './history.ts';
import type { RuntimeStatus } from './records.ts';
import type { Outbox, Runtime } from './runtime.ts';

interface Split {
  readonly kept: readonly HistoryEvent[];
  readonly failedChildren: readonly string[];
}

/** Drops failures with their scheduling events; failed children stay scheduled, because they are rewound in place. */
function withoutFailures(history: readonly HistoryEvent[]): Split {
  const failedTasks = new Set<number>();
  const failedChildren: string[] = [];
  for (const event of history) {
    if (event.EventType === EventType.TaskFailed) failedTasks.add(event.TaskScheduledId ?? -1);
    if (event.EventType === EventType.SubOrchestrationInstanceFailed) {
      const created = history.find(
        (e) =>
          e.EventType === EventType.SubOrchestrationInstanceCreated &&
          e.EventId === event.TaskScheduledId,
      );
      if (created?.InstanceId !== undefined) failedChildren.push(created.InstanceId);
    }
  }
  const kept = history.filter(
    (event) =>
      event.EventType !== EventType.TaskFailed &&
      event.EventType !== EventType.SubOrchestrationInstanceFailed &&
      event.EventType !== EventType.ExecutionCompleted &&
      !(event.EventType === EventType.TaskScheduled && failedTasks.has(event.EventId)),
  );
  return { kept, failedChildren };
}

function inExecution(
  event: HistoryEvent,
  executionId: string,
  parentExecution: string | undefined,
): HistoryEvent {
  if (event.EventType !== EventType.ExecutionStarted || event.OrchestrationInstance === undefined)
    return event;
  const parent = event.ParentInstance;
  const OrchestrationInstance = { ...event.OrchestrationInstance, ExecutionId: executionId };
  if (parent === null || parent === undefined || parentExecution === undefined) {
    return { ...event, OrchestrationInstance };
  }
  const instance = { ...parent.OrchestrationInstance, ExecutionId: parentExecution };
  return {
    ...event,
    OrchestrationInstance,
    ParentInstance: { ...parent, OrchestrationInstance: instance },
  };
}

interface Rewind {
  readonly runtime: Runtime;
  readonly outbox: Outbox;
  readonly id: string;
  readonly reason: string | null;
  readonly parentExecution: string | undefined;
}

function rewindOne({
  runtime,
  outbox,
  id,
  reason,
  parentExecution,
}: Rewind): RuntimeStatus | undefined {
  const { store } = runtime;
  const record = store.instance(id);
  if (record === undefined || record.status !== 'Failed') return record?.status;
  const now = runtime.clock.now();
  const { kept, failedChildren } = withoutFailures(store.history(record.row));
  const executionId = record.parent === null ? randomUUID() : randomUUID().replaceAll('-', '');
  const history = kept.map((event) => inExecution(event, executionId, parentExecution));
  const parent =
    record.parent === null || parentExecution === undefined
      ? record.parent
      : { ...record.parent, executionId: parentExecution };
  store.clearHistory(record.row);
  store.appendHistory(record.row, 0, history);
  store.setParent(record.row, parent);
  store.updateInstance({ ...record, executionId, status: 'Running', output: null, updatedAt: now });
  runtime.cache.drop(id);
  const event = historyEvent(EventType.ExecutionRewound, now, { Reason: reason });
  outbox.messages.push(store.addMessage({ instanceId: id, executionId, due: null, event }));
  for (const child of failedChildren) {
    rewindOne({ runtime, outbox, id: child, reason, parentExecution: executionId });
  }
  return 'Failed';
}

/**
 * Puts a failed instance back to before its failures, recursively through
 * failed children, under a new execution id. Answers the status that it found;
 * only Failed is rewound. Runs inside the caller's transaction.
 */
export function rewindInstance(
  runtime: Runtime,
  outbox: Outbox,
  id: string,
  reason: string | null,
): RuntimeStatus | undefined {
  return rewindOne({ runtime, outbox, id, reason, parentExecution: undefined });
}
