import { randomUUID } from 'node:crypto';
import { startChild } from './children.ts';
import { EventType, type HistoryEvent, historyEvent } from './history.ts';
import type { InstanceRecord } from './records.ts';
import type { Effect } from './replay-book.ts';
import type { Outbox, Runtime } from './runtime.ts';

const scheduledType: Readonly<Record<Effect['kind'], number>> = {
  activity: EventType.TaskScheduled,
  child: EventType.SubOrchestrationInstanceCreated,
  timer: EventType.TimerCreated,
  send: EventType.EventSent,
};

export interface Scheduling {
  readonly runtime: Runtime;
  readonly record: InstanceRecord;
  readonly outbox: Outbox;
  readonly now: number;
}

/** Puts one new task's work into the tables and returns its scheduling event. */
export function scheduleEffect(
  { runtime, record, outbox, now }: Scheduling,
  effect: Effect,
): HistoryEvent {
  const { store } = runtime;
  const { id: instanceId, executionId } = record;
  const event = (fields: Partial<HistoryEvent>) =>
    historyEvent(scheduledType[effect.kind], now, { ...fields, EventId: effect.id });
  switch (effect.kind) {
    case 'activity': {
      const { id: taskId, name, input } = effect;
      outbox.work.push(store.addWork({ instanceId, executionId, taskId, name, input }));
      return event({ Name: name, Version: '', Input: null, Tags: null });
    }
    case 'child': {
      const childId = effect.instanceId ?? `${executionId}:${effect.id}`;
      startChild({ runtime, parent: record, outbox, now }, { ...effect, instanceId: childId });
      return event({
        Name: effect.name,
        Version: null,
        InstanceId: childId,
        Input: null,
        Tags: null,
      });
    }
    case 'timer': {
      const FireAt = new Date(effect.fireAt).toISOString();
      const fired = historyEvent(EventType.TimerFired, now, { TimerId: effect.id, FireAt });
      outbox.messages.push(
        store.addMessage({ instanceId, executionId, due: effect.fireAt, event: fired }),
      );
      return event({ FireAt });
    }
    case 'send': {
      const { target, due = null } = effect;
      const time = due === null ? undefined : new Date(due).toISOString();
      const request = { ...effect.message, id: effect.message['id'] ?? randomUUID() };
      const Input = JSON.stringify(time === undefined ? request : { ...request, due: time });
      // The name of a delayed signal carries its time, as the extension writes it.
      const Name = time === undefined ? effect.name : `${effect.name}@${time}`;
      const raised = historyEvent(EventType.EventRaised, now, { Name, Input });
      outbox.messages.push(
        store.addMessage({ instanceId: target, executionId: null, due, event: raised }),
      );
      return event({ InstanceId: target, Name, Input });
    }
  }
}
