import { afterEach, describe, expect, it } from 'vitest';
import {
  eventually,
  fixture,
  type HostProcess,
  startApp,
  temporaryFolder,
} from './host-process.ts';

let host: HostProcess | undefined;
afterEach(() => host?.kill());

interface Entry {
  readonly function: string;
  readonly input: {
    readonly isPastDue: boolean;
    readonly scheduleStatus?: { readonly last: string };
  };
  readonly metadata?: unknown;
}

const seenBy = async (name: string): Promise<readonly Entry[]> => {
  const journal = (await (await fetch(`${host?.url}/api/journal`)).json()) as readonly Entry[];
  return journal.filter((entry) => entry.function === name);
};

const start = (schedule: string, dataFolder: string) =>
  startApp(fixture('typescript-app'), ['--data', dataFolder], { SCHEDULE: schedule });

describe('a timer function', () => {
  it('fires again and again on its schedule, taken from an app setting', async () => {
    const data = temporaryFolder();
    host = await start('*/1 * * * * *', data.path);
    const runs = await eventually(async () => {
      const seen = await seenBy('everySecond');
      return seen.length >= 2 && seen;
    });
    expect(runs[0]?.input).toMatchObject({
      isPastDue: false,
      schedule: { adjustForDST: true },
      scheduleStatus: null,
    });
    await host.kill();
    data.remove();
  });

  it('with runOnStartup runs at once, retried by its own policy', async () => {
    const data = temporaryFolder();
    host = await start('0 0 0 1 1 *', data.path);
    const runs = await eventually(async () => {
      const seen = await seenBy('onStartup');
      return seen.length >= 2 && seen;
    });
    expect(runs.map(({ metadata }) => metadata)).toEqual([
      { retryCount: 0, maxRetryCount: 2 },
      { retryCount: 1, maxRetryCount: 2 },
    ]);
    expect(await seenBy('everySecond')).toEqual([]);
    await host.kill();
    data.remove();
  });

  it('that was missed while the host was down fires late, once, after a restart', async () => {
    const data = temporaryFolder();
    host = await start('00:01:00', data.path);
    await host.kill();
    const { DatabaseSync } = await import('node:sqlite');
    const { join } = await import('node:path');
    const database = new DatabaseSync(join(data.path, 'host.db'));
    const hourAgo = new Date(Date.now() - 3_600_000).toISOString();
    const changed = database
      .prepare("UPDATE timers SET lastUpdated = ?, next = ? WHERE name = 'everySecond'")
      .run(hourAgo, hourAgo);
    expect(changed.changes).toBe(1);
    database.close();
    host = await start('00:01:00', data.path);
    const runs = await eventually(async () => {
      const seen = await seenBy('everySecond');
      return seen.length > 0 && seen;
    });
    expect(runs).toHaveLength(1);
    expect(runs[0]?.input.isPastDue).toBe(true);
    await host.kill();
    data.remove();
  });
});
