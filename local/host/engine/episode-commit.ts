import { randomUUID } from 'node:crypto';
import { tellParent } from './children.ts';
import { orchestratorFailure } from './failure-text.ts';
import { EventType, type HistoryEvent, historyEvent, type ParentInstance } from './history.ts';
import type { LoadedInstance } from './history-cache.ts';
import type { OrchestratorAnswer } from './orchestrator-answer.ts';
import type { InstanceRecord } from './records.ts';
import { releaseFor } from './release-locks.ts';
import type { ReplayEnding } from './replay.ts';
import type { Leaf } from './replay-book.ts';
import type { Outbox, Runtime } from './runtime.ts';
import { scheduleEffect } from './schedule-effect.ts';
import { jsonInput } from './task-inputs.ts';

export interface EpisodeResult {
  readonly ending: ReplayEnding;
  readonly leaves: readonly Leaf[];
  readonly answer: OrchestratorAnswer;
}

interface EpisodeWrite {
  readonly instance: LoadedInstance;
  /** OrchestratorStarted and the consumed messages' events. */
  readonly news: readonly HistoryEvent[];
  readonly result: EpisodeResult;
  readonly outbox: Outbox;
}

/** The status and output that an ending leaves, and the text behind a failure. */
function closing(record: InstanceRecord, { ending, answer }: EpisodeResult) {
  switch (ending.kind) {
    case 'running':
      return { status: 'Running', output: null, error: undefined } as const;
    case 'suspended':
      return {
        status: 'Suspended',
        output: JSON.stringify(ending.reason),
        error: undefined,
      } as const;
    case 'completed':
      return {
        status: 'Completed',
        output: jsonInput(answer.output),
        error: undefined,
      } as const;
    case 'terminated':
      return {
        status: 'Terminated',
        output: JSON.stringify(ending.reason),
        error: undefined,
      } as const;
    case 'failed': {
      const text =
        ending.bare === true ? ending.error : orchestratorFailure(record.name, ending.error);
      return { status: 'Failed', output: JSON.stringify(text), error: ending.error } as const;
    }
    case 'continuedAsNew':
      return { status: 'Running', output: null, error: undefined } as const;
  }
}

function customStatus(record: InstanceRecord, answer: OrchestratorAnswer): string | null {
  if (answer.customStatus !== undefined) return answer.customStatus;
  return record.owesEpisode && record.generation > 0 ? record.customStatus : null;
}

function nextGeneration(write: EpisodeWrite, runtime: Runtime, now: number): LoadedInstance {
  const { instance, result } = write;
  const { ending } = result;
  const { store } = runtime;
  const input = ending.kind === 'continuedAsNew' ? ending.input : null;
  const carried = ending.kind === 'continuedAsNew' ? ending.carried : [];
  const executionId = randomUUID().replaceAll('-', '');
  const record: InstanceRecord = {
    ...instance.record,
    executionId,
    status: 'Running',
    input: jsonInput(input),
    customStatus: customStatus(instance.record, result.answer),
    updatedAt: now,
    generation: instance.record.generation + 1,
    owesEpisode: true,
  };
  const history = [
    historyEvent(EventType.OrchestratorStarted, now),
    historyEvent(EventType.ExecutionStarted, now, {
      OrchestrationInstance: { InstanceId: record.id, ExecutionId: executionId },
      ParentInstance: parentOf(instance.history),
      Name: record.name,
      Version: null,
      Input: record.input,
      Tags: null,
      Generation: null,
    }),
    ...carried.map((event) => ({ ...event, IsPlayed: true })),
    historyEvent(EventType.OrchestratorCompleted, now),
  ];
  store.clearHistory(record.row);
  store.appendHistory(record.row, 0, history);
  store.updateInstance(record);
  write.outbox.wake.push(record.id);
  return { record, history };
}

function parentOf(history: readonly HistoryEvent[]): ParentInstance | null {
  return (
    history.find((event) => event.EventType === EventType.ExecutionStarted)?.ParentInstance ?? null
  );
}

function finished(kind: ReplayEnding['kind']): boolean {
  return kind === 'completed' || kind === 'failed' || kind === 'terminated';
}

/** Writes everything that one episode came to. Runs inside the transaction. */
export function writeEpisode(runtime: Runtime, write: EpisodeWrite): void {
  const { instance, news, result, outbox } = write;
  const { store, cache } = runtime;
  const now = runtime.clock.now();
  const { ending } = result;
  const scope = { runtime, record: instance.record, outbox, now };
  const scheduled = result.leaves
    .filter(({ kind }) => ending.kind !== 'continuedAsNew' || kind === 'send' || kind === 'child')
    .map((leaf) => scheduleEffect(scope, leaf.effect));
  if (ending.kind === 'continuedAsNew') {
    cache.put(nextGeneration(write, runtime, now));
    return;
  }
  const { status, output, error } = closing(instance.record, result);
  const over = finished(ending.kind);
  const record: InstanceRecord = {
    ...instance.record,
    status,
    output,
    customStatus: customStatus(instance.record, result.answer),
    updatedAt: now,
    owesEpisode: false,
  };
  // A new generation's history ends with OrchestratorCompleted already (conformance finding 16).
  const silent = news.length === 0 && scheduled.length === 0 && !over;
  const completed = historyEvent(EventType.ExecutionCompleted, now, {
    OrchestrationStatus: status,
    Result: output,
  });
  const written = [
    ...news,
    ...scheduled,
    ...(over ? [completed] : []),
    ...(silent ? [] : [historyEvent(EventType.OrchestratorCompleted, now)]),
  ];
  if (written.length > 0) store.appendHistory(record.row, instance.history.length, written);
  store.updateInstance(record);
  if (!over) {
    cache.put({ record, history: [...instance.history, ...written] });
    return;
  }
  cache.drop(record.id);
  store.clearInbox(record.id);
  // A completed orchestration has sent its releases itself.
  if (ending.kind !== 'completed') releaseFor({ runtime, outbox, now }, record.id);
  tellParent({ runtime, outbox, now }, record, error);
}
