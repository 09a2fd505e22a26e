import { numberOf, textOf } from './row.ts';
import type { Runtime } from './runtime.ts';

const batch = 500;
const shortestPauseMs = 1_000;
const longestPauseMs = 3_600_000;

/**
 * Removes ended instances once they have been over for `purgeAfter`, as a retention
 * policy of the Durable Task Scheduler does. Small transactions, so that nothing waits long.
 * Returns a function that ends it.
 */
export function keepPurging(runtime: Runtime, purgeAfter: number): () => void {
  const { clock, warn } = runtime;
  const pauseMs = Math.min(Math.max(purgeAfter / 10, shortestPauseMs), longestPauseMs);
  let stopped = false;
  let cancel: () => void = () => undefined;
  const sweep = async (): Promise<void> => {
    try {
      while (!stopped && (await purgeBatch(runtime, clock.now() - purgeAfter)) === batch);
    } catch (error) {
      const reason = error instanceof Error ? error.message : 'unknown error';
      warn(`Ended instances could not be removed and are tried again: ${reason}`);
    }
    if (!stopped) cancel = clock.schedule(clock.now() + pauseMs, () => void sweep());
  };
  cancel = clock.schedule(clock.now(), () => void sweep());
  return () => {
    stopped = true;
    cancel();
  };
}

/** Resolves to the number of instances removed, `batch` at most. */
function purgeBatch({ store, commits }: Runtime, endedBefore: number): Promise<number> {
  return commits.write(() => {
    const rows = store.all(
      `SELECT row, id FROM instances WHERE status IN ('Completed', 'Failed', 'Terminated')
       AND created <= ? AND updated <= ? LIMIT ${batch}`,
      endedBefore,
      endedBefore,
    );
    for (const row of rows) {
      store.deleteInstance({ row: numberOf(row, 'row'), id: textOf(row, 'id') });
    }
    return rows.length;
  });
}
