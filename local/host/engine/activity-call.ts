import { activityFailure, type FailureText, httpFailure } from './failure-text.ts';
import { EventType, type HistoryEvent, historyEvent } from './history.ts';
import { callHttp, httpActivityName } from './http-activity.ts';
import type { Work } from './records.ts';
import { commitAndRelease, type Runtime } from './runtime.ts';
import { jsonInput } from './task-inputs.ts';

async function invoke(runtime: Runtime, work: Work): Promise<unknown> {
  if (work.name === httpActivityName) return callHttp(work.input);
  const name = runtime.worker.find('activity', work.name) ?? work.name;
  return runtime.worker.invokeActivity(name, work.input, work.instanceId);
}

function failed(runtime: Runtime, work: Work, text: FailureText): HistoryEvent {
  return historyEvent(EventType.TaskFailed, runtime.clock.now(), {
    TaskScheduledId: work.taskId,
    Reason: text.reason,
    Details: text.details,
    FailureDetails: null,
  });
}

function completed(runtime: Runtime, work: Work, value: unknown): HistoryEvent {
  return historyEvent(EventType.TaskCompleted, runtime.clock.now(), {
    TaskScheduledId: work.taskId,
    Result: jsonInput(value),
  });
}

async function ending(runtime: Runtime, work: Work): Promise<HistoryEvent> {
  if (work.attempts >= runtime.interruptionLimit) {
    const text = `POISON_ACTIVITY: the process died ${work.attempts} times while this activity ran`;
    runtime.warn(`Activity ${work.name} of ${work.instanceId} is given up: ${text}`);
    return failed(runtime, work, activityFailure(work.name, new Error(text)));
  }
  try {
    return completed(runtime, work, await invoke(runtime, work));
  } catch (thrown) {
    // The real host takes a thrown undefined or null for success (conformance finding 11).
    if (thrown === undefined || thrown === null) return completed(runtime, work, null);
    const text =
      work.name === httpActivityName ? httpFailure(thrown) : activityFailure(work.name, thrown);
    return failed(runtime, work, text);
  }
}

/** Runs an owed activity and exchanges the owed row for a completion message, in one transaction. */
export async function runActivity(runtime: Runtime, work: Work): Promise<void> {
  const event = await ending(runtime, work);
  const { instanceId, executionId } = work;
  await commitAndRelease(runtime, (outbox) => {
    if (!runtime.store.deleteWork(work.id)) return;
    outbox.messages.push(runtime.store.addMessage({ instanceId, executionId, due: null, event }));
  });
}
