import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proofContainer, runsPartition } from '../../../activities/migration/index.ts';
import { type MovingServices, patientOf, put, startMovingServices } from './moving-services.ts';

let services: MovingServices;
beforeAll(async () => {
  services = await startMovingServices();
  for (let index = 0; index < 5; index += 1) {
    await put(services.sourceUrl, patientOf(`p${index}`));
  }
}, 120_000);
afterAll(() => services?.close());

async function containersOf(id: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of services.deps.blobs.containers(`fds-${id}-`)) names.push(name);
  return names;
}

describe('the end of a migration', () => {
  it('leaves the container of the proof and nothing else in storage, and no open job', async () => {
    const id = await services.start();
    const moved = await services.run(id);
    expect(moved.state).toBe('completed');
    expect(await containersOf(id)).toEqual([proofContainer(id)]);
    const cleanup = await services.store.cleanups.get(runsPartition, id);
    expect(cleanup).toMatchObject({ state: 'done', problem: null, attempts: 1 });
    const jobs = await services.store.jobs.list(id);
    expect(jobs.filter(({ endedAt }) => endedAt === null)).toEqual([]);
  }, 60_000);
});
