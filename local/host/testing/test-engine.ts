import {
  createObservableEngine,
  type DurableWorker,
  type ObservableEngine,
  type ObservableEngineOptions,
} from '../engine/index.ts';
import { type Handlers, HandlerWorker } from './handler-worker.ts';
import { VirtualClock } from './virtual-clock.ts';

export interface TestEngineOptions {
  readonly handlers: Handlers;
  /** Stands between the engine and the handlers, for example to watch the calls. */
  readonly wrapWorker?: (worker: DurableWorker) => DurableWorker;
  readonly timerLimits?: NonNullable<ObservableEngineOptions['timerLimits']>;
  readonly clock?: VirtualClock;
  /** Milliseconds; keeps the clock ringing, so give `run` an end. */
  readonly purgeAfter?: number;
  /** Asked of every management call, and set by `call`. */
  readonly systemKey?: string;
  readonly hubName?: string;
  /** undefined keeps everything in memory. */
  readonly dataFile?: string | undefined;
  readonly onWarning?: (message: string) => void;
}

/** A started engine over inline handlers and a virtual clock. */
export interface TestEngine {
  readonly engine: ObservableEngine;
  readonly clock: VirtualClock;
  /** A management call; `path` is relative to the API's root and `body` is JSON. */
  call(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Resolves when all that is left to do waits for the clock or for an event. */
  settle(): Promise<void>;
  /** Settles and advances the clock until nothing is left that time alone could move, or `done` says so. */
  run(done?: () => boolean | Promise<boolean>): Promise<void>;
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Starts it; the caller stops `engine`. */
export async function startTestEngine(options: TestEngineOptions): Promise<TestEngine> {
  const clock = options.clock ?? new VirtualClock();
  const worker = new HandlerWorker(options.handlers);
  const engine = createObservableEngine({
    worker: options.wrapWorker?.(worker) ?? worker,
    dataFile: options.dataFile,
    hubName: options.hubName ?? 'TestHub',
    clock,
    baseUrl: () => 'http://127.0.0.1:7071',
    ...(options.systemKey === undefined ? {} : { systemKey: options.systemKey }),
    ...(options.timerLimits === undefined ? {} : { timerLimits: options.timerLimits }),
    purgeAfter: options.purgeAfter,
    ...(options.onWarning === undefined ? {} : { onWarning: options.onWarning }),
  });
  await engine.start();
  const settle = async (): Promise<void> => {
    do await nextTurn();
    while (engine.quietWithActivities() !== clock.sleepers);
  };
  return {
    engine,
    clock,
    settle,
    async call(method, path, body) {
      const init = body === undefined ? {} : { body: JSON.stringify(body) };
      const key = options.systemKey === undefined ? {} : { 'x-functions-key': options.systemKey };
      const headers = { 'content-type': 'application/json', ...key };
      const request = new Request(`http://127.0.0.1/${path}`, { method, headers, ...init });
      const response = await engine.handleManagement(request);
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    async run(done) {
      for (;;) {
        await settle();
        if ((await done?.()) === true || !clock.advance()) return;
      }
    },
  };
}
