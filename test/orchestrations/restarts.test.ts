import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { startTestEngine, VirtualClock } from '../../local/host/testing/index.ts';
import { resyncPatient } from '../../orchestrations/resync-patient.ts';
import { syncChanges } from '../../orchestrations/sync-changes.ts';
import {
  allGoesWell,
  change,
  type Input,
  inputFor,
  inTurn,
  type Output,
  runSync,
  type Script,
  scripted,
} from './scripted-activities.ts';

const folder = mkdtempSync(join(tmpdir(), 'sync-restarts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5 }));

/** Two rounds of failure, a release and a withdrawal. */
const eventful = (): Script => ({
  readChanges: (input) => ({
    ...allGoesWell.readChanges(input),
    consentTurns: input.changes.length === 3 ? ['Patient/a'] : [],
  }),
  upsertRows: inTurn<Input<'upsertRows'>, Output<'upsertRows'>>(
    ({ resources }) => ({
      ...allGoesWell.upsertRows({ resources: resources.slice(1) }),
      failed: resources.slice(0, 1).map(({ reference }) => ({ reference, step: 'contact' })),
    }),
    ({ resources }) => ({
      ...allGoesWell.upsertRows({ resources: [] }),
      failed: resources.map(({ reference }) => ({ reference, step: 'contact' })),
    }),
    allGoesWell.upsertRows,
  ),
  reviewPatients: () => ({ withdraw: ['Patient/a'], backfill: [] }),
  claimWaiters: inTurn<Input<'claimWaiters'>, Output<'claimWaiters'>>(
    () => ({
      waiters: [{ change: change('Patient/w'), waitingFor: 'Patient/b', since: '2026-01-01' }],
    }),
    () => ({ waiters: [] }),
  ),
});

const input = inputFor(
  ['Patient/a', 'Patient/b', 'Patient/c'].map((reference) => change(reference)),
);

const isUnderWay = (body: unknown): boolean =>
  ['Pending', 'Running'].includes((body as { runtimeStatus: string }).runtimeStatus);

/** Ends the engine at every pause and goes on with a new one from its file. */
async function runWithRestarts(): Promise<{ readonly body: unknown; readonly starts: number }> {
  const activities = scripted(eventful());
  const dataFile = join(folder, 'hub.db');
  let now = new Date('2026-01-01T00:00:00Z');
  for (let starts = 1; ; starts += 1) {
    const clock = new VirtualClock(now);
    const orchestrations = { syncChanges, resyncPatient };
    const test = await startTestEngine({
      clock,
      dataFile,
      handlers: { orchestrations, activities },
    });
    if (starts === 1) await test.call('POST', 'orchestrators/syncChanges/sync-1', input);
    await test.settle();
    if (starts > 1 && clock.advance()) await test.settle();
    const { body } = await test.call('GET', 'instances/sync-1');
    await test.engine.stop();
    if (!isUnderWay(body)) return { body, starts };
    now = new Date(clock.now());
  }
}

describe('a host that ends and starts again between the steps', () => {
  it('brings a change set to the same end', async () => {
    const straight = await runSync(input, eventful());
    const { body, starts } = await runWithRestarts();
    expect(starts).toBeGreaterThan(2);
    expect(body).toMatchObject({ runtimeStatus: 'Completed', output: straight.output });
  });
});
