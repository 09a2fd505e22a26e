import { randomUUID } from 'node:crypto';
import { childFailureDetails } from './failure-text.ts';
import { EventType, historyEvent } from './history.ts';
import { type InstanceRecord, terminalStatuses } from './records.ts';
import { childIdInUse } from './refused-shape.ts';
import type { Outbox, Runtime } from './runtime.ts';

interface ChildScope {
  readonly runtime: Runtime;
  readonly outbox: Outbox;
  readonly now: number;
}

interface ChildCall {
  readonly id: number;
  readonly name: string;
  readonly instanceId: string;
  readonly input: string | null;
}

/** Creates a child instance; an id whose instance has not ended fails the call, an ended one is replaced. */
export function startChild(
  scope: ChildScope & { readonly parent: InstanceRecord },
  call: ChildCall,
): void {
  const { runtime, outbox, now, parent } = scope;
  const { store } = runtime;
  const known = store.instance(call.instanceId);
  if (known !== undefined && !terminalStatuses.has(known.status)) {
    const refused = childIdInUse(call.instanceId).message;
    const event = historyEvent(EventType.SubOrchestrationInstanceFailed, now, {
      TaskScheduledId: call.id,
      Reason: refused,
      Details: '',
      FailureDetails: null,
    });
    outbox.messages.push(
      store.addMessage({
        instanceId: parent.id,
        executionId: parent.executionId,
        due: null,
        event,
      }),
    );
    return;
  }
  if (known !== undefined) store.deleteInstance(known);
  runtime.cache.drop(call.instanceId);
  const executionId = randomUUID().replaceAll('-', '');
  store.insertInstance({
    id: call.instanceId,
    name: call.name,
    executionId,
    parent: {
      name: parent.name,
      instanceId: parent.id,
      executionId: parent.executionId,
      taskId: call.id,
    },
    status: 'Pending',
    input: call.input,
    output: null,
    customStatus: null,
    createdAt: now,
    updatedAt: now,
    generation: 0,
    owesEpisode: false,
  });
  const event = historyEvent(EventType.ExecutionStarted, now, {
    OrchestrationInstance: { InstanceId: call.instanceId, ExecutionId: executionId },
    ParentInstance: {
      Name: parent.name,
      OrchestrationInstance: { InstanceId: parent.id, ExecutionId: parent.executionId },
      TaskScheduleId: call.id,
      Version: null,
    },
    Name: call.name,
    Version: null,
    Input: call.input,
    Tags: null,
    Generation: null,
  });
  outbox.messages.push(
    store.addMessage({ instanceId: call.instanceId, executionId, due: null, event }),
  );
}

/** Sends the ending of a child to the parent's execution that started it. */
export function tellParent(
  scope: ChildScope,
  child: InstanceRecord,
  error: string | undefined,
): void {
  const { parent } = child;
  if (parent === null) return;
  const TaskScheduledId = parent.taskId;
  const text: unknown = child.output === null ? null : JSON.parse(child.output);
  const event =
    child.status === 'Completed'
      ? historyEvent(EventType.SubOrchestrationInstanceCompleted, scope.now, {
          TaskScheduledId,
          Result: child.output,
        })
      : historyEvent(EventType.SubOrchestrationInstanceFailed, scope.now, {
          TaskScheduledId,
          Reason: typeof text === 'string' ? text : null,
          Details: error === undefined ? null : childFailureDetails(error),
          FailureDetails: null,
        });
  const { instanceId, executionId } = parent;
  scope.outbox.messages.push(
    scope.runtime.store.addMessage({ instanceId, executionId, due: null, event }),
  );
}
