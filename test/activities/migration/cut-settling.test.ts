import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMigrationActivities } from '../../../activities/migration/index.ts';
import { withCrashes } from '../../support/migration-crashes.ts';
import { type MovingServices, patientOf, put, startMovingServices } from './moving-services.ts';

let services: MovingServices;
beforeAll(async () => {
  services = await startMovingServices();
  for (const id of ['a', 'b']) await put(services.sourceUrl, patientOf(id));
  await sleep(1_100);
}, 120_000);
afterAll(() => services.close());

const steps = () => createMigrationActivities(services.deps);

/** Until a look at a job answers something else than that it runs. */
async function ended<Answer extends { readonly kind: string }>(
  look: (looks: number) => Promise<Answer>,
): Promise<string> {
  for (let looks = 0; ; looks += 1) {
    const { kind } = await look(looks);
    if (kind !== 'running') return kind;
    await sleep(25);
  }
}

/** The first window, exported and imported, and not accounted for yet. */
async function imported(): Promise<{ readonly migrationId: string; readonly window: number }> {
  const migrationId = await services.start();
  const extract = { migrationId, extract: 'window-0000001' };
  const window = { migrationId, window: 1 };
  await steps().assess({ migrationId });
  await steps().recordPrepared({ migrationId });
  expect(await steps().nextMove({ migrationId })).toMatchObject({ exporting: 1 });
  await steps().startExtract(extract);
  expect(await ended((looks) => steps().pollExtract({ ...extract, looks }))).toBe('ready');
  await steps().stageChunk({ ...window, chunk: 1 });
  expect(await steps().sealStaging(window)).toMatchObject({ kind: 'sealed', lines: 2 });
  expect(await steps().planImport(window)).toMatchObject({ batches: ['1'] });
  await steps().startImport({ ...window, batch: '1' });
  expect(await ended((looks) => steps().pollImport({ ...window, batch: '1', looks }))).toBe(
    'ended',
  );
  return window;
}

it('a settling that was cut and then finds otherwise leaves nothing behind that is counted twice', async () => {
  const window = await imported();
  const refusal = { kind: 'forbidden', step: 'poll', times: 1 };
  await fetch(`${services.targetUrl}/_control/bulk-faults`, {
    method: 'POST',
    body: JSON.stringify(refusal),
  });
  const cut = withCrashes(services.deps, (effect) =>
    effect === 'put batches 1' ? 'cut-before' : 'goes-well',
  );
  const settling = createMigrationActivities(cut).settleImport({ ...window, batch: '1' });
  await expect(settling).rejects.toThrow('cut');
  expect(await steps().planImport(window)).toMatchObject({ batches: ['1'] });
  expect(await steps().settleImport({ ...window, batch: '1' })).toMatchObject({ next: [] });
  expect(await steps().planImport(window)).toMatchObject({ batches: [] });
  expect(await steps().closeWindow(window)).toMatchObject({
    kind: 'closed',
    exported: 2,
    loaded: 2,
  });
}, 60_000);
