import { runActivity } from './activity-call.ts';
import { ActivityPool } from './activity-pool.ts';
import { realClock } from './clock.ts';
import { runEntityBatch } from './entity-batch.ts';
import { entityFromId } from './entity-messages.ts';
import { runEpisode } from './episode.ts';
import { GroupCommit } from './group-commit.ts';
import { HistoryCache } from './history-cache.ts';
import { Mailroom } from './mailroom.ts';
import { handleManagement } from './management.ts';
import type { Message } from './records.ts';
import type { TimerLimits } from './replay-scope.ts';
import { keepPurging } from './retention.ts';
import { numberOf } from './row.ts';
import { Outbox, type Runtime } from './runtime.ts';
import { Store } from './store.ts';
import { StoreError } from './store-error.ts';
import { TimerQueue } from './timer-queue.ts';
import type { DurableEngine, DurableEngineOptions, DurableEngineStatus } from './worker.ts';

const dayMs = 86_400_000;
const realLimits = { longestMs: 6 * dayMs, hopMs: 3 * dayMs };
const stopGraceMs = 5_000;
const retryMs = 1_000;
const defaultInterruptionLimit = 10;
// Replay is synchronous, so a high number costs nothing and fills the groups of commits.
const defaultOrchestrators = 100;
const defaultActivities = 20;

/** An engine whose inner quiet can be observed, for drivers with a virtual clock. */
export interface ObservableEngine extends DurableEngine {
  /** Activities now running; undefined while an episode, a commit or a queued activity is under way. */
  quietWithActivities(): number | undefined;
}

/** Settings that the real host has no switch for; tests make days short. */
export interface ObservableEngineOptions extends DurableEngineOptions {
  readonly timerLimits?: TimerLimits;
  /** Processes that may die while one activity or episode runs before it is given up; 10 when left out. */
  readonly interruptionLimit?: number;
}

function open(options: ObservableEngineOptions): Runtime {
  const clock = options.clock ?? realClock;
  const store = new Store(options.dataFile, options.takeOverMs);
  const warn = options.onWarning ?? (() => undefined);
  // A write can fail for a while: a full disk, a locked file. What was read is tried again.
  const retrying = async (what: string, run: Promise<void>, again: () => void): Promise<void> => {
    try {
      await run;
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown error';
      warn(`${what} could not be recorded and is tried again: ${reason}`);
      clock.schedule(clock.now() + retryMs, again);
    }
  };
  const redeliver = (id: string, batch: readonly Message[]): void => {
    runtime.cache.drop(id);
    for (const message of batch) runtime.mailroom.deliver(message);
    if (batch.length === 0) runtime.mailroom.wake(id);
  };
  const runtime: Runtime = {
    worker: options.worker,
    store,
    clock,
    warn,
    limits: options.timerLimits ?? realLimits,
    interruptionLimit: options.interruptionLimit ?? defaultInterruptionLimit,
    commits: new GroupCommit(store),
    cache: new HistoryCache(store),
    mailroom: new Mailroom({
      historyLength: (id) => runtime.cache.length(id),
      limit: options.maxConcurrentOrchestrators ?? defaultOrchestrators,
      run: (id, batch) => {
        const isEntity = entityFromId(id) !== undefined;
        const run = isEntity ? runEntityBatch(runtime, id, batch) : runEpisode(runtime, id, batch);
        return retrying(`An episode of ${id}`, run, () => redeliver(id, batch));
      },
    }),
    activities: new ActivityPool({
      limit: options.maxConcurrentActivities ?? defaultActivities,
      run: (work) =>
        retrying(`Activity ${work.name}`, runActivity(runtime, work), () =>
          runtime.activities.add(work),
        ),
    }),
    timers: new TimerQueue(clock, (message) => runtime.mailroom.deliver(message)),
  };
  return runtime;
}

/** Puts everything that the data file owes back into the queues. */
function recover(
  runtime: Runtime,
  most: { readonly activities: number; readonly orchestrators: number },
): void {
  const { store, clock } = runtime;
  const outbox = new Outbox();
  store.transaction(() => {
    if (!store.takeCleanStop()) {
      store.countInterrupted(most.activities);
      store.countUndelivered(clock.now(), most.orchestrators);
    }
    outbox.work.push(...store.work());
    outbox.messages.push(...store.messages());
    for (const row of store.all('SELECT id FROM instances WHERE owes_episode = 1')) {
      outbox.wake.push(String(row['id']));
    }
  });
  outbox.release(runtime);
}

function count(runtime: Runtime, ...statuses: readonly string[]): number {
  let sum = 0;
  for (const status of statuses) {
    const [row] = runtime.store.all('SELECT count(*) AS n FROM instances WHERE status = ?', status);
    sum += row === undefined ? 0 : numberOf(row, 'n');
  }
  return sum;
}

function isQuiet({ mailroom, commits, activities }: Runtime): boolean {
  return mailroom.idle && commits.idle && activities.waiting === 0;
}

/** An activity that outlives the grace is run again by the next process. */
async function withinGrace(drained: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise((resolve) => {
    timer = setTimeout(resolve, stopGraceMs);
  });
  await Promise.race([drained, grace]);
  clearTimeout(timer);
}

/** As `createDurableEngine`, with a window on its inner quiet for virtual clocks. */
export function createObservableEngine(options: ObservableEngineOptions): ObservableEngine {
  let runtime: Runtime | undefined;
  let stopPurging = (): void => undefined;
  const opened = (): Runtime => {
    if (runtime === undefined) throw new StoreError('the durable engine is not started');
    return runtime;
  };
  return {
    async start() {
      runtime = open(options);
      recover(runtime, {
        activities: options.maxConcurrentActivities ?? defaultActivities,
        orchestrators: options.maxConcurrentOrchestrators ?? defaultOrchestrators,
      });
      if (options.purgeAfter !== undefined) stopPurging = keepPurging(runtime, options.purgeAfter);
    },
    async stop() {
      const closing = runtime;
      if (closing === undefined) return;
      stopPurging();
      closing.timers.stop();
      const drained = Promise.all([closing.mailroom.stop(), closing.activities.stop()]);
      await withinGrace(drained);
      closing.commits.flush();
      if (closing.activities.running === 0) closing.store.noteCleanStop();
      closing.store.close();
      runtime = undefined;
    },
    handleManagement: (request) => handleManagement(opened(), options, request),
    status(): DurableEngineStatus {
      const now = opened();
      return {
        running: count(now, 'Running', 'Suspended'),
        pending: count(now, 'Pending'),
        waitingActivities: now.activities.running + now.activities.waiting,
      };
    },
    quietWithActivities() {
      const now = opened();
      return isQuiet(now) ? now.activities.running : undefined;
    },
  };
}

/** A durable engine over one SQLite file; call `start()` before anything else. */
export function createDurableEngine(options: DurableEngineOptions): DurableEngine {
  return createObservableEngine(options);
}
