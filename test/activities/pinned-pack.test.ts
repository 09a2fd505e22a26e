import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Activities, createActivities } from '../../activities/index.ts';
import { openTable } from '../../shared/ledger/index.ts';
import {
  createMapStore,
  createPackSource,
  enabledByPack,
  loadMapFiles,
  type MapStore,
  type PackSource,
} from '../../shared/mapping/index.ts';
import { type RunningSystem, startSystem } from '../support/running-system.ts';
import { patient } from '../support/sample-resources.ts';
import { changeOf, freshId, rowsFor } from '../support/sync-pass.ts';

interface Host {
  readonly activities: Activities;
  readonly packs: PackSource;
  readonly maps: MapStore;
}

let system: RunningSystem;
let startHost: () => Host;
beforeAll(async () => {
  system = await startSystem();
  const files = await loadMapFiles(fileURLToPath(new URL('../../maps', import.meta.url)));
  const shipped = enabledByPack(files, ['Patient']);
  startHost = () => {
    const storage = openTable(system.storage, 'pinnedPacks');
    const maps = createMapStore({ storage, shipped, now: () => new Date() });
    const clock = () => performance.now();
    const fhirBaseUrl = system.fhirUrl;
    const packs = createPackSource({ storage, store: maps, fhirBaseUrl, clock });
    return { maps, packs, activities: createActivities({ ...system.worker(), packs }) };
  };
});
afterAll(() => system.close());

const map = { kind: 'entity', name: 'Patient' } as const;

async function firstNameBy({ activities }: Host, packHash: string): Promise<unknown> {
  const id = freshId('pinned');
  await system.put(patient(id, 'Family'));
  const changes = [changeOf(`Patient/${id}`)];
  const { current } = await activities.readChanges({ changes, packHash });
  await activities.upsertRows({ resources: current, packHash });
  const [row] = await rowsFor(system.deps, `Patient/${id}`, ['firstname']);
  return row?.values['firstname'];
}

describe('an activity', () => {
  it('works with the pack that its input names, on hosts that never had it in use too', async () => {
    const here = startHost();
    const before = (await here.packs.current()).hash;
    const { content } = await here.maps.get(map);
    const { attributes } = content as { attributes: readonly { readonly column?: string }[] };
    const edited = attributes.map((attribute) =>
      attribute.column === 'firstname' ? { ...attribute, source: '$name.family' } : attribute,
    );
    await here.maps.save(map, { ...(content as object), attributes: edited }, { author: 'ann' });
    const after = (await here.packs.current({ fresh: true })).hash;
    for (const host of [here, startHost(), startHost()]) {
      expect(await firstNameBy(host, after)).toBe('Family');
      expect(await firstNameBy(host, before)).toBe('Ada');
    }
  });

  it('fails by name when nobody keeps that pack', async () => {
    const { activities } = startHost();
    const lost = activities.removeRows({ references: ['Patient/x'], packHash: 'lost' });
    await expect(lost).rejects.toMatchObject({ code: 'MAP_PACK_UNKNOWN' });
  });
});
