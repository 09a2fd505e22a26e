import { describe, expect, test } from 'vitest';
import {
  compilePack,
  createMapStore,
  createPackSource,
  loadPinnedPack,
  type MapFiles,
  type MapName,
  type MapStorage,
  pinPack,
  type RootPlace,
} from '../../../shared/mapping/index.ts';
import { azureTables, demo, inMemory, shipped, storeIn } from './map-stores.ts';
import { example } from './maps-folder.ts';

const patient: MapName = { kind: 'entity', name: 'Patient' };
const ann = { author: 'ann' };
const newTable = azureTables();
const fhirBaseUrl = 'https://fhir.example.org';

/** One host: its own memory, and a clock that is moved by hand. */
function host(storage: MapStorage) {
  let milliseconds = 0;
  const store = storeIn(storage);
  const packs = createPackSource({ storage, store, fhirBaseUrl, clock: () => milliseconds });
  return {
    store,
    packs,
    wait: (seconds: number) => {
      milliseconds += seconds * 1000;
    },
  };
}

describe.each([
  ['memory', inMemory],
  ['an Azure table', newTable],
])('packs in %s', (_name, open: () => MapStorage) => {
  test('the very pack that work began with is given back, whatever was edited since', async () => {
    const storage = open();
    const first = await pinPack(storage, shipped, { enabled: demo });
    expect((await pinPack(storage, shipped, { enabled: demo })).hash).toBe(first.hash);
    await storeIn(storage).disable(patient, ann);
    const pack = await loadPinnedPack(storage, first.hash);
    expect(pack.hash).toBe(first.hash);
    const resource = example('Patient-example');
    const own = compilePack(shipped).roots.get('Patient')!;
    expect(pack.roots.get('Patient')!.map(resource)).toEqual(own.map(resource));
    await expect(loadPinnedPack(storage, 'nohash')).rejects.toMatchObject({
      code: 'MAP_PACK_UNKNOWN',
    });
  });

  test('a pack that is pinned twice at once, in two wordings, can be loaded', async () => {
    const storage = open();
    const noted = {
      ...shipped,
      entities: shipped.entities.map(({ file, content }) => ({
        file,
        content: { ...content, note: 'n'.repeat(9_000) },
      })),
    };
    const packs = await Promise.all(
      [shipped, noted].map((files) => pinPack(storage, files, { enabled: demo })),
    );
    expect(packs[0]!.hash).toBe(packs[1]!.hash);
    expect((await loadPinnedPack(storage, packs[0]!.hash)).hash).toBe(packs[0]!.hash);
  });

  test('where maps put rows stays known, once each, whatever becomes of the maps', async () => {
    const storage = open();
    const one = host(storage);
    const inForm = ({ resourceType, table, discriminator }: RootPlace) =>
      `${resourceType} ${table} ${discriminator?.value ?? ''}`;
    const placesOf = async ({ packs }: typeof one) => (await packs.places()).map(inForm).sort();
    expect(await placesOf(one)).toEqual([]);
    const { roots } = await one.packs.current();
    const first = await placesOf(one);
    expect(first).toEqual([...roots.values()].map(inForm).sort());
    const { content } = await one.store.get(patient);
    const discriminator = { column: 'msemr_contacttype', value: 7 };
    await one.store.save(patient, { ...(content as object), discriminator }, ann);
    await one.packs.current({ fresh: true });
    await one.store.archive(patient, ann);
    await one.packs.current({ fresh: true });
    const other = host(storage);
    await other.packs.current();
    expect(await placesOf(other)).toEqual([...first, 'Patient contact 7'].sort());
    const known = (await other.packs.places()).filter(
      ({ resourceType }) => resourceType === 'Patient',
    );
    for (const { expansions } of known) {
      expect(expansions.map(({ name }) => name)).toContain('identifier');
    }
  });

  test('another host finds a pack that it never saw', async () => {
    const storage = open();
    const one = host(storage);
    const { hash } = await one.packs.current();
    await one.store.disable(patient, ann);
    const after = await one.packs.current({ fresh: true });
    expect(after.hash).not.toBe(hash);
    const other = host(storage);
    expect((await other.packs.pinned(hash)).roots.has('Patient')).toBe(true);
    expect((await other.packs.pinned(after.hash)).roots.has('Patient')).toBe(false);
  });

  test('an edit is in force on its own host at once, on every other within two seconds', async () => {
    const storage = open();
    const [one, other] = [host(storage), host(storage)];
    const before = await one.packs.current();
    expect((await other.packs.current()).hash).toBe(before.hash);
    await one.store.disable(patient, ann);
    const after = await one.packs.current({ fresh: true });
    expect((await one.packs.current()).hash).toBe(after.hash);
    other.wait(2.1);
    expect((await other.packs.current()).hash).toBe(after.hash);
    expect((await other.packs.pinned(before.hash)).hash).toBe(before.hash);
  });

  test('more packs than memory keeps are all found', async () => {
    const storage = open();
    const { store, packs } = host(storage);
    const hashes: string[] = [];
    const { content } = await store.get(patient);
    for (let edit = 0; edit < 20; edit += 1) {
      const discriminator = { column: 'msemr_contacttype', value: edit };
      await store.save(patient, { ...(content as object), discriminator }, ann);
      hashes.push((await packs.current({ fresh: true })).hash);
    }
    expect(new Set(hashes).size).toBe(20);
    for (const [edit, hash] of hashes.entries()) {
      const { roots } = await packs.pinned(hash);
      expect(roots.get('Patient')!.discriminator!.value).toBe(edit);
    }
    expect((await packs.current()).hash).toBe(hashes.at(-1));
  });
});

test('one question for the pack is asked of storage, however much work begins at once', async () => {
  const storage = inMemory();
  let reads = 0;
  const counted: MapStorage = {
    ...storage,
    get: (key) => {
      reads += 1;
      return storage.get(key);
    },
  };
  const { packs } = host(counted);
  const { hash } = await packs.current();
  const other = host(counted);
  reads = 0;
  await Promise.all(Array.from({ length: 50 }, () => other.packs.pinned(hash)));
  expect(reads).toBeLessThan(30);
  reads = 0;
  for (let time = 0; time < 50; time += 1) await packs.current();
  expect(reads).toBe(0);
});

test('storage that failed once is asked again', async () => {
  const storage = inMemory();
  let down = true;
  const flaky: MapStorage = {
    ...storage,
    list: (range) => {
      if (down) throw new TypeError('down');
      return storage.list(range);
    },
    get: (key) => (down ? Promise.reject(new TypeError('down')) : storage.get(key)),
  };
  const { packs } = host(flaky);
  await expect(packs.current()).rejects.toThrow('down');
  await expect(packs.pinned('any')).rejects.toThrow('down');
  down = false;
  const { hash } = await packs.current();
  expect((await packs.pinned(hash)).hash).toBe(hash);
});

test('an edit that does not fit the maps of a new deployment stops new work, not the mending', async () => {
  const storage = inMemory();
  const { content } = await storeIn(storage).get(patient);
  await storeIn(storage).save(patient, { ...(content as object), note: 'mine' }, ann);
  // The next deployment has given up an expansion map, and its own maps do not name it any more.
  const lost = 'patient-communication';
  const next: MapFiles = {
    ...shipped,
    expansions: shipped.expansions.filter((file) => file.content.name !== lost),
    entities: shipped.entities.map(({ file, content: map }) => ({
      file,
      content: {
        ...map,
        attributes: map.attributes.filter(
          (attribute) => attribute.action !== 'Expand' || attribute.expansion !== lost,
        ),
      },
    })),
  };
  const store = createMapStore({ storage, shipped: next, now: () => new Date() });
  const packs = createPackSource({ storage, store, fhirBaseUrl, clock: () => 0 });
  await expect(packs.current()).rejects.toMatchObject({
    code: 'MAP_PACK_INVALID',
    details: { problems: [{ file: 'entity/patient.json' }] },
  });
  expect((await store.list()).length).toBeGreaterThan(30);
  await store.rollback(patient, 0, ann);
  expect((await packs.current()).roots.has('Patient')).toBe(true);
});
