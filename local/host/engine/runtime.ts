import type { ActivityPool } from './activity-pool.ts';
import type { Clock } from './clock.ts';
import type { GroupCommit } from './group-commit.ts';
import type { HistoryCache } from './history-cache.ts';
import type { Mailroom } from './mailroom.ts';
import type { Message, Work } from './records.ts';
import type { TimerLimits } from './replay-scope.ts';
import type { Store } from './store.ts';
import type { TimerQueue } from './timer-queue.ts';
import type { DurableWorker } from './worker.ts';

/** The parts of a running engine that its verbs share. */
export interface Runtime {
  readonly worker: DurableWorker;
  readonly store: Store;
  readonly commits: GroupCommit;
  readonly clock: Clock;
  readonly cache: HistoryCache;
  readonly mailroom: Mailroom;
  readonly activities: ActivityPool;
  readonly timers: TimerQueue;
  readonly limits: TimerLimits;
  /** Processes that may die while an activity or an episode runs; then it fails visibly. */
  readonly interruptionLimit: number;
  readonly warn: (message: string) => void;
}

/** What a committed transaction has put into the tables and now sets going. */
export class Outbox {
  readonly messages: Message[] = [];
  readonly work: Work[] = [];
  readonly wake: string[] = [];

  /** Call after the commit only. */
  release(runtime: Pick<Runtime, 'mailroom' | 'activities' | 'timers'>): void {
    for (const work of this.work) runtime.activities.add(work);
    for (const message of this.messages) {
      if (message.due === null) runtime.mailroom.deliver(message);
      else runtime.timers.add(message, message.due);
    }
    for (const id of this.wake) runtime.mailroom.wake(id);
  }
}

/** Runs `body` in a transaction and releases what it put into the outbox after the commit. */
export async function commitAndRelease<T>(
  runtime: Pick<Runtime, 'commits' | 'mailroom' | 'activities' | 'timers'>,
  body: (outbox: Outbox) => T,
): Promise<T> {
  let outbox = new Outbox();
  const result = await runtime.commits.write(() => {
    outbox = new Outbox();
    return body(outbox);
  });
  outbox.release(runtime);
  return result;
}
