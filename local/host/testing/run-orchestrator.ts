import type { OrchestrationHandler } from 'durable-functions';
import type { InlineActivity } from './handler-worker.ts';
import { startTestEngine, type TestEngine } from './test-engine.ts';
import { VirtualClock } from './virtual-clock.ts';

/** An external event; `afterMs` is virtual time since the start, 0 when left out. */
export interface RaisedEvent {
  readonly name: string;
  readonly data: unknown;
  readonly afterMs?: number;
}

export interface RunOptions {
  readonly input?: unknown;
  /** By the name that the orchestration calls; each gets the JSON input. */
  readonly activities?: Readonly<Record<string, InlineActivity>>;
  /** Children, by the name that the orchestration calls. */
  readonly orchestrations?: Readonly<Record<string, OrchestrationHandler>>;
  readonly instanceId?: string;
  /** Start of the virtual clock; 2026-01-01T00:00:00Z when left out. */
  readonly now?: Date;
  readonly events?: readonly RaisedEvent[];
}

export interface ActivityCall {
  readonly name: string;
  readonly input: unknown;
}

export interface RunResult {
  /** Running when the orchestration waits for an event that was not given. */
  readonly runtimeStatus: string;
  readonly output: unknown;
  readonly customStatus: unknown;
  /** Every activity call in the order in which it was made, retries included. */
  readonly activityCalls: readonly ActivityCall[];
  /** As the management API shows it with showHistory. */
  readonly history: readonly Readonly<Record<string, unknown>>[];
  /** What the engine would have put into the host's log. */
  readonly warnings: readonly string[];
  /** Virtual milliseconds from start to end. */
  readonly elapsedMs: number;
}

function recording(
  activities: Readonly<Record<string, InlineActivity>>,
  calls: ActivityCall[],
): Readonly<Record<string, InlineActivity>> {
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      (input: never, context: Parameters<InlineActivity>[1]) => {
        calls.push({ name, input });
        return activity(input, context);
      },
    ]),
  );
}

interface StatusBody {
  readonly runtimeStatus: string;
  readonly output: unknown;
  readonly customStatus: unknown;
  readonly historyEvents?: readonly Readonly<Record<string, unknown>>[];
}

function isStatus(value: unknown): value is StatusBody {
  return typeof value === 'object' && value !== null && 'runtimeStatus' in value;
}

async function status(test: TestEngine, id: string): Promise<StatusBody> {
  const path = `instances/${encodeURIComponent(id)}`;
  const { body } = await test.call('GET', `${path}?showHistory=true&showHistoryOutput=true`);
  if (isStatus(body)) return body;
  // A history with two tasks under one number cannot be shown, as on Azure.
  const { body: plain } = await test.call('GET', path);
  if (isStatus(plain)) return plain;
  throw new TypeError('the engine lost the instance');
}

function raise(test: TestEngine, id: string, { name, data }: RaisedEvent): Promise<unknown> {
  const path = `instances/${encodeURIComponent(id)}/raiseEvent/${encodeURIComponent(name)}`;
  return test.call('POST', path, data ?? null);
}

async function raiseAll(
  test: TestEngine,
  id: string,
  events: readonly RaisedEvent[],
): Promise<void> {
  for (const event of events) {
    const at = event.afterMs ?? 0;
    if (at === 0) await raise(test, id, event);
    else test.clock.schedule(test.clock.now() + at, () => void raise(test, id, event));
  }
}

/**
 * Runs a durable-functions orchestration handler, as given to
 * `df.app.orchestration`, on the SDK's real executor and this engine's real
 * replayer, in memory. Timers of any length pass at once. Shapes that would
 * hang or corrupt on Azure end as Failed with a text that names them.
 */
export async function runOrchestrator(
  handler: OrchestrationHandler,
  options: RunOptions = {},
): Promise<RunResult> {
  const id = options.instanceId ?? 'test-instance';
  const calls: ActivityCall[] = [];
  const warnings: string[] = [];
  const clock = new VirtualClock(options.now);
  const begun = clock.now();
  const test = await startTestEngine({
    clock,
    onWarning: (message) => warnings.push(message),
    handlers: {
      orchestrations: { ...options.orchestrations, 'test-orchestration': handler },
      activities: recording(options.activities ?? {}, calls),
    },
  });
  try {
    const path = `orchestrators/test-orchestration/${encodeURIComponent(id)}`;
    await test.call('POST', path, options.input ?? null);
    await raiseAll(test, id, options.events ?? []);
    await test.run(
      async () => !['Pending', 'Running'].includes((await status(test, id)).runtimeStatus),
    );
    const { runtimeStatus, output, customStatus, historyEvents } = await status(test, id);
    const elapsedMs = clock.now() - begun;
    return {
      runtimeStatus,
      output,
      customStatus,
      activityCalls: calls,
      history: historyEvents ?? [],
      warnings,
      elapsedMs,
    };
  } finally {
    await test.engine.stop();
  }
}
