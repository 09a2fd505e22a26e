import { isObject } from './actions.ts';
import { type EpisodeResult, writeEpisode } from './episode-commit.ts';
import { inputNotConverted, unknownFunction } from './failure-text.ts';
import { EventType, type HistoryEvent, historyEvent, markPlayed } from './history.ts';
import type { LoadedInstance } from './history-cache.ts';
import {
  answerFromError,
  answerFromState,
  type OrchestratorAnswer,
} from './orchestrator-answer.ts';
import { orchestratorLocation } from './orchestrator-location.ts';
import { ProtocolError } from './protocol-error.ts';
import { type InstanceRecord, type Message, terminalStatuses } from './records.ts';
import { RefusedShapeError } from './refused-shape.ts';
import { Replay } from './replay.ts';
import { commitAndRelease, type Runtime } from './runtime.ts';
import { checkEffect, checkNumbers, checkWaiting } from './shape-checks.ts';
import { sourceInstanceTag } from './start-instance.ts';

const longHistory = 1000;
const dayMs = 86_400_000;

interface Called {
  readonly answer: OrchestratorAnswer;
  readonly sdkNumbers: number | undefined;
  /** The InvocationContext of the call; undefined when there was none. */
  readonly context: unknown;
}

/** Milliseconds as .NET writes a TimeSpan: "6.00:00:00". */
function timeSpan(ms: number): string {
  const time = new Date(ms % dayMs)
    .toISOString()
    .slice(11, 23)
    .replace(/\.000$/, '');
  const days = Math.floor(ms / dayMs);
  return days === 0 ? time : `${days}.${time}`;
}

/** Fixed facts of every payload of extension 3.19.0 (conformance README). */
function payload(
  { limits }: Runtime,
  instance: LoadedInstance,
  history: readonly HistoryEvent[],
): unknown {
  const { record } = instance;
  const started = history.find((event) => event.EventType === EventType.ExecutionStarted);
  return {
    history,
    input: record.input === null ? null : JSON.parse(record.input),
    instanceId: record.id,
    isReplaying: started?.IsPlayed === true,
    parentInstanceId: record.parent?.instanceId ?? null,
    sourceInstanceId: started?.Tags?.[sourceInstanceTag] ?? null,
    upperSchemaVersion: 1,
    upperSchemaVersionNew: 3,
    maximumShortTimerDuration: timeSpan(limits.longestMs),
    longRunningTimerIntervalDuration: timeSpan(limits.hopMs),
    defaultHttpAsyncRequestSleepTimeMillseconds: 30_000,
  };
}

function sequenceNumber(context: unknown): number | undefined {
  const df = isObject(context) ? context['df'] : undefined;
  const executor = isObject(df) ? df['taskOrchestratorExecutor'] : undefined;
  const number = isObject(executor) ? executor['sequenceNumber'] : undefined;
  return typeof number === 'number' ? number : undefined;
}

async function call(
  runtime: Runtime,
  instance: LoadedInstance,
  history: readonly HistoryEvent[],
): Promise<Called> {
  const name = runtime.worker.find('orchestrator', instance.record.name);
  const failed = (text: string): Called => ({
    answer: answerFromError(text),
    sdkNumbers: undefined,
    context: undefined,
  });
  const { record } = instance;
  if (name === undefined)
    return failed(unknownFunction('orchestrator', record.name, runtime.worker));
  if (record.input?.trim() === '') return failed(inputNotConverted(name));
  let context: unknown;
  const inspect = (seen: unknown): void => {
    context = seen;
  };
  const called = (answer: OrchestratorAnswer): Called => ({
    answer,
    sdkNumbers: sequenceNumber(context),
    context,
  });
  try {
    const state = await runtime.worker.invokeOrchestrator(
      name,
      payload(runtime, instance, history),
      inspect,
    );
    return called(answerFromState(state));
  } catch (error) {
    return called(answerFromError(error));
  }
}

/** Event shapes that work on Azure, but not as they read. */
function warnOfEvents(
  { warn }: Runtime,
  record: InstanceRecord,
  replay: Replay,
  history: readonly HistoryEvent[],
): void {
  const who = `Orchestration ${record.id} (${record.name})`;
  for (const name of replay.deliveredAgain) {
    warn(
      `${who} took the event '${name}' in a race with a timer, cancelled the timer and continued as new: as on Azure, the next generation receives the event again.`,
    );
  }
  const last = history.at(-1);
  if (last?.EventType === EventType.EventRaised && replay.book.metOtherSpelling) {
    warn(
      `${who} waits for an event whose name is spelled like '${last.Name ?? ''}' but for upper and lower case: as on Azure, the SDK does not take it.`,
    );
  }
}

/** How an instance fails whose answer could not be replayed. */
function faultEnding(
  { warn }: Runtime,
  record: InstanceRecord,
  called: Called,
  error: unknown,
): { readonly kind: 'failed'; readonly error: string } {
  const who = `Orchestration ${record.id} (${record.name})`;
  if (error instanceof RefusedShapeError || error instanceof ProtocolError) {
    const where = orchestratorLocation(called.context);
    const text = where === undefined ? error.message : `${error.message} At ${where}.`;
    warn(`${who} was refused: ${text}`);
    return { kind: 'failed', error: text };
  }
  // A fault of the engine itself must not leave the instance Running for ever.
  const fault = `ENGINE_FAULT: ${error instanceof Error ? (error.stack ?? error.message) : 'unknown'}`;
  warn(`${who} is failed: ${fault}`);
  return { kind: 'failed', error: fault };
}

function decide(
  runtime: Runtime,
  instance: LoadedInstance,
  history: readonly HistoryEvent[],
  called: Called,
): EpisodeResult {
  const { record } = instance;
  const { answer, sdkNumbers } = called;
  try {
    const { id: instanceId, executionId } = record;
    const replay = new Replay({ instanceId, executionId, history, answer, limits: runtime.limits });
    warnOfEvents(runtime, record, replay, history);
    const { ending } = replay;
    const fellApart = ending.kind === 'failed' && ending.bare === true;
    if (ending.kind !== 'terminated' && !fellApart) {
      for (const leaf of replay.newLeaves) checkEffect(leaf.effect, record, runtime.worker);
      checkNumbers(replay, answer, sdkNumbers);
      checkWaiting(replay, answer);
    }
    const leaves = ending.kind === 'terminated' ? [] : replay.newLeaves;
    return { ending, leaves, answer };
  } catch (error) {
    return { ending: faultEnding(runtime, record, called, error), leaves: [], answer };
  }
}

/** Mail that process after process died over fails its instance, so that the next one lives. */
function givenUp(
  { interruptionLimit, warn }: Runtime,
  record: InstanceRecord,
  batch: readonly Message[],
): EpisodeResult | undefined {
  const attempts = batch.reduce((most, message) => Math.max(most, message.attempts), 0);
  if (attempts < interruptionLimit) return undefined;
  const error = `POISON_EPISODE: the process died ${attempts} times while this orchestration was due`;
  warn(`Orchestration ${record.id} (${record.name}) is given up: ${error}`);
  return { ending: { kind: 'failed', error }, leaves: [], answer: answerFromError(error) };
}

async function runOnce(
  runtime: Runtime,
  instance: LoadedInstance,
  batch: readonly Message[],
): Promise<void> {
  const now = runtime.clock.now();
  const added = batch.map((message) => message.event);
  // A new generation's history begins with OrchestratorStarted already (conformance finding 16).
  const isFirst = instance.record.owesEpisode && batch.length === 0;
  const news = isFirst ? [] : [historyEvent(EventType.OrchestratorStarted, now), ...added];
  const past = isFirst
    ? instance.history
    : markPlayed(instance.history, instance.record.generation);
  const history = [...past, ...news];
  if (instance.history.length < longHistory && history.length >= longHistory) {
    runtime.warn(
      `Orchestration ${instance.record.id} (${instance.record.name}) has ${history.length} history events in one generation; use continueAsNew or children.`,
    );
  }
  const result =
    givenUp(runtime, instance.record, batch) ??
    decide(runtime, instance, history, await call(runtime, instance, history));
  await commitAndRelease(runtime, (outbox) => {
    for (const message of batch) runtime.store.deleteMessage(message.id);
    // Marked once, an event need not be copied for the next episode.
    writeEpisode(runtime, { instance: { ...instance, history: past }, news, result, outbox });
  });
}

/** Drops mail that nobody waits for: the instance is gone, has ended, or is another execution. */
async function discard(runtime: Runtime, batch: readonly Message[]): Promise<void> {
  if (batch.length === 0) return;
  await runtime.commits.write(() => {
    for (const message of batch) runtime.store.deleteMessage(message.id);
  });
}

/** One episode: new events in, one call of the orchestrator, one transaction, then its side effects. */
export async function runEpisode(
  runtime: Runtime,
  instanceId: string,
  batch: readonly Message[],
): Promise<void> {
  let instance = runtime.cache.load(instanceId);
  if (instance?.record.owesEpisode === true) {
    await runOnce(runtime, instance, []);
    instance = runtime.cache.load(instanceId);
  }
  const record = instance?.record;
  const isFor = ({ executionId }: Message): boolean =>
    record !== undefined &&
    !terminalStatuses.has(record.status) &&
    (executionId === null || executionId === record.executionId);
  const accepted = batch.filter(isFor);
  await discard(
    runtime,
    batch.filter((message) => !isFor(message)),
  );
  if (instance !== undefined && accepted.length > 0) await runOnce(runtime, instance, accepted);
}
