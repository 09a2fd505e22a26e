import { EventType, type HistoryEvent } from './history.ts';
import type { Leaf, LeafKind } from './replay-book.ts';

/** The history and the orchestrator's actions disagree; ends the instance as Failed with this text, as DTFx does. */
export class NonDeterminismError extends Error {
  override readonly name = 'NonDeterminismError';
}

const question =
  'Was a change made to the orchestrator code after this instance had already started running?';

const actionClass: Readonly<Record<LeafKind, string>> = {
  activity: 'ScheduleTaskOrchestratorAction',
  child: 'CreateSubOrchestrationAction',
  timer: 'CreateTimerOrchestratorAction',
  send: 'SendEventOrchestratorAction',
};

const eventKind: ReadonlyMap<number, { kind: LeafKind; noun: string }> = new Map([
  [EventType.TaskScheduled, { kind: 'activity', noun: 'an activity task' }],
  [EventType.SubOrchestrationInstanceCreated, { kind: 'child', noun: 'a sub-orchestration task' }],
  [EventType.TimerCreated, { kind: 'timer', noun: 'a timer task' }],
  [EventType.EventSent, { kind: 'send', noun: 'an event' }],
]);

function describeScheduled(event: HistoryEvent, noun: string): string {
  if (event.EventType === EventType.TimerCreated)
    return `${noun} with sequence ID ${event.EventId}`;
  const child = event.InstanceId === undefined ? '' : `, instance ID '${event.InstanceId}'`;
  return `${noun} with sequence ID ${event.EventId} and name '${event.Name ?? ''}' (version '${event.Version ?? ''}'${child})`;
}

/** Checks a scheduling event of the history against what this replay scheduled under the same number. */
export function checkScheduled(event: HistoryEvent, leaf: Leaf | undefined): void {
  const expected = eventKind.get(event.EventType);
  if (expected === undefined) return;
  const start =
    'Non-Deterministic workflow detected: A previous execution of this orchestration scheduled';
  if (leaf === undefined) {
    const what = describeScheduled(event, expected.noun);
    throw new NonDeterminismError(
      `${start} ${what}, but the current replay execution hasn't (yet?) scheduled this task. ${question}`,
    );
  }
  const named =
    event.EventType === EventType.TimerCreated ? 'named' : `named '${event.Name ?? ''}'`;
  const recorded = `${start} ${expected.noun} with sequence number ${event.EventId} ${named}`;
  if (leaf.kind !== expected.kind) {
    throw new NonDeterminismError(
      `${recorded} but the current orchestration replay instead produced a ${actionClass[leaf.kind]} action with this sequence number. ${question}`,
    );
  }
  if (leaf.kind !== 'timer' && leaf.name.toLowerCase() !== (event.Name ?? '').toLowerCase()) {
    throw new NonDeterminismError(
      `${recorded}, but the current orchestration replay instead scheduled ${expected.noun} named '${leaf.name}' at this step. ${question}`,
    );
  }
}
