import type { FunctionCatalog } from './app/function-catalog.ts';
import type { HostLog } from './invocation/host-log.ts';
import type { Invoker } from './invocation/invoker.ts';
import type { HostOptions } from './options.ts';
import { queueClientsOf } from './queue/queue-clients.ts';
import { createQueueListener } from './queue/queue-listener.ts';
import type { HostJson } from './settings/host-json.ts';
import { createTimerListener } from './timer/timer-listener.ts';
import { openTimerStore } from './timer/timer-store.ts';

export interface ListenersOptions {
  readonly catalog: FunctionCatalog;
  readonly invoker: Invoker;
  readonly log: HostLog;
  readonly hostJson: HostJson;
  readonly options: HostOptions;
}

/** What wakes functions by itself: clocks and queues. */
export interface Listeners {
  start(): void;
  queuesIdle(): boolean;
  /** Runs a timer function now; undefined when there is no such timer. */
  runTimer(name: string): Promise<void> | undefined;
  stop(): void;
  /** After `stop`, once no function runs any more. */
  close(): void;
}

/** @throws HostError FUNCTION_INVALID when a trigger cannot be used */
export function openListeners({
  catalog,
  invoker,
  log,
  hostJson,
  options,
}: ListenersOptions): Listeners {
  const { environment, dataFolder } = options;
  const store = openTimerStore(dataFolder);
  const timers = new Map(
    catalog
      .of('timer')
      .map((target) => [target.name, createTimerListener(target, { invoker, store, environment })]),
  );
  const queues = catalog.of('queue').map((target) =>
    createQueueListener(target, queueClientsOf(target, environment), {
      invoker,
      log,
      settings: hostJson.queues,
    }),
  );
  const all = [...timers.values(), ...queues];
  return {
    start: () => all.forEach((listener) => void listener.start()),
    queuesIdle: () => queues.every((queue) => queue.idle()),
    runTimer: (name) => timers.get(name)?.runNow(),
    stop: () => all.forEach((listener) => void listener.stop()),
    close: () => store.close(),
  };
}
