import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type RunningStorage, startStorage } from '../../../local/storage/index.ts';
import { openTable } from '../../../shared/ledger/state-table.ts';
import {
  compilePack,
  createMapStore,
  loadMapFiles,
  loadPinnedPack,
  type MapName,
  type MapStorage,
  packRoots,
  pinPack,
} from '../../../shared/mapping/index.ts';
import { example, mapsFolder } from './maps-folder.ts';

const shipped = await loadMapFiles(mapsFolder);
const patient: MapName = { kind: 'entity', name: 'Patient' };
const demo = packRoots(shipped, 'demo')!;

function inMemory(): MapStorage {
  const records = new Map<string, { key: { partition: string; row: string }; body: string }>();
  const place = (key: { partition: string; row: string }) => `${key.partition} ${key.row}`;
  return {
    insert: async (key, body) => {
      if (records.has(place(key))) return 'exists';
      records.set(place(key), { key, body: JSON.stringify(body) });
      return 'inserted';
    },
    get: async (key) => {
      const found = records.get(place(key));
      return found === undefined ? undefined : JSON.parse(found.body);
    },
    list: async function* ({ partition }) {
      for (const { key, body } of records.values()) {
        if (key.partition === partition) yield { key, body: JSON.parse(body) };
      }
    },
  };
}

let azurite: RunningStorage | undefined;
let tables = 0;
function newTable() {
  tables += 1;
  return openTable(azurite!.connectionString, `maps${process.pid}x${tables}`);
}
beforeAll(async () => {
  azurite = await startStorage({ blobPort: 0, queuePort: 0, tablePort: 0 });
}, 130_000);
afterAll(() => azurite?.close());

describe.each([
  ['memory', inMemory],
  ['an Azure table', () => newTable()],
])('a map store in %s', (_name, open) => {
  let minutes = 0;
  const now = () => {
    minutes += 1;
    return new Date(Date.UTC(2026, 0, 1, 0, minutes));
  };
  const storeIn = (storage: MapStorage) =>
    createMapStore({
      storage,
      shipped,
      now,
    });
  const newStore = () => storeIn(open());

  test('starts with the shipped maps, none of them changed', async () => {
    const store = newStore();
    expect(await store.files()).toEqual(shipped);
    const list = await store.list();
    expect(list.find(({ name }) => name === 'Patient')).toEqual({
      ...patient,
      ...{ shipped: true, version: 0, enabled: true, archived: false },
    });
    expect(list.every(({ version }) => version === 0)).toBe(true);
    expect([...(await store.enabledRoots(demo))].sort()).toEqual([...demo].sort());
  });

  test('keeps every version with its author, and rolls back by adding one', async () => {
    const store = newStore();
    await store.disable(patient, 'ann');
    await store.enable(patient, 'bob');
    await store.rollback(patient, 1, 'cid');
    const history = await store.history(patient);
    expect(history.map(({ version, author, change }) => [version, author, change])).toEqual([
      [0, 'shipped', 'edit'],
      [1, 'ann', 'disable'],
      [2, 'bob', 'enable'],
      [3, 'cid', 'rollback'],
    ]);
    expect(history[3]!.content).toEqual(history[1]!.content);
    expect(history[1]!.savedAt < history[2]!.savedAt).toBe(true);
    expect(await store.enabledRoots(demo)).not.toContain('Patient');
    await store.rollback(patient, 0, 'ann');
    expect(compilePack(await store.files()).hash).toBe(compilePack(shipped).hash);
  });

  test('refuses an edit that the loader would refuse, and keeps nothing of it', async () => {
    const store = newStore();
    const content = { ...shipped.entities.find(({ content: c }) => c.name === 'Patient')!.content };
    const bad = { ...content, attributes: [{ action: 'Script' }] };
    await expect(store.save(patient, bad, 'ann')).rejects.toMatchObject({
      code: 'MAP_PACK_INVALID',
      message: expect.stringContaining('entity/patient.json#/attributes/0'),
    });
    await expect(store.save(patient, 'x', 'ann')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await store.history(patient)).toHaveLength(1);
  });

  test('offers the expansions that are still off when a root is enabled', async () => {
    const store = newStore();
    const enabled = await store.enable(patient, 'ann');
    expect(enabled.disabledExpansions).toEqual(['patient-communication']);
    await store.enable({ kind: 'expansion', name: 'patient-communication' }, 'ann');
    expect((await store.enable(patient, 'ann')).disabledExpansions).toEqual([]);
    const { roots } = compilePack(await store.files(), { enabled: ['Patient'] });
    const names = roots.get('Patient')!.expansions.map(({ name }) => name);
    expect(names).toContain('patient-communication');
  });

  test('copies a map disabled; a resource type keeps one enabled root', async () => {
    const store = newStore();
    const copy: MapName = { kind: 'entity', name: 'Patient/2' };
    await store.copy(patient, copy.name, 'ann');
    expect((await store.list()).find(({ name }) => name === copy.name)).toMatchObject({
      ...{ shipped: false, enabled: false, version: 1 },
    });
    await expect(store.enable(copy, 'ann')).rejects.toThrow(/disable one of the two/);
    await store.disable(patient, 'ann');
    await store.enable(copy, 'ann');
    expect(await store.enabledRoots(demo)).toContain(copy.name);
    await expect(store.copy(patient, copy.name, 'ann')).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('archives and restores; what is not there is NOT_FOUND', async () => {
    const store = newStore();
    const slot: MapName = { kind: 'entity', name: 'Referral' };
    await store.archive(slot, 'ann');
    const status = async () => (await store.list()).find(({ name }) => name === 'Referral');
    expect(await status()).toMatchObject({ archived: true, enabled: false });
    await store.restore(slot, 'ann');
    expect(await status()).toMatchObject({ archived: false, enabled: false });
    const gone: MapName = { kind: 'entity', name: 'Gone' };
    await expect(store.enable(gone, 'ann')).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.rollback(patient, 9, 'ann')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  test('lets one of two people who save at once win, and tells the other', async () => {
    const storage = open();
    const saves = await Promise.allSettled(
      ['ann', 'bob'].map((author) => storeIn(storage).disable(patient, author)),
    );
    const lost = saves.filter(({ status }) => status === 'rejected');
    expect(lost.length).toBeLessThanOrEqual(1);
    for (const one of lost) expect(one).toMatchObject({ reason: { code: 'CONFLICT' } });
    const history = await storeIn(storage).history(patient);
    expect(history).toHaveLength(1 + saves.length - lost.length);
  });

  test('gives back the very pack that work began with, whatever was edited since', async () => {
    const storage = open();
    const store = storeIn(storage);
    const hash = await pinPack(storage, shipped, demo);
    expect(await pinPack(storage, shipped, demo)).toBe(hash);
    await store.disable(patient, 'ann');
    const pack = await loadPinnedPack(storage, hash);
    expect(pack.hash).toBe(hash);
    const resource = example('Patient-example');
    const own = compilePack(shipped, { enabled: demo }).roots.get('Patient')!;
    expect(pack.roots.get('Patient')!.map(resource)).toEqual(own.map(resource));
    await expect(loadPinnedPack(storage, 'nohash')).rejects.toMatchObject({
      code: 'MAP_PACK_UNKNOWN',
    });
  });
});
