import { describe, expect, test } from 'vitest';
import { compilePack, type MapName, type MapStorage } from '../../../shared/mapping/index.ts';
import { azureTables, demo, inMemory, shipped, storeIn } from './map-stores.ts';

const patient: MapName = { kind: 'entity', name: 'Patient' };
const ann = { author: 'ann' };
const bob = { author: 'bob' };
const newTable = azureTables();

const contentOf = ({ kind, name }: MapName) => {
  const list = { entity: shipped.entities, expansion: shipped.expansions, values: shipped.values };
  return list[kind].find(({ content }) => content.name === name)!.content as object;
};

describe.each([
  ['memory', inMemory],
  ['an Azure table', newTable],
])('a map store in %s', (_name, open: () => MapStorage) => {
  const newStore = () => storeIn(open());

  test('starts with the shipped maps, none of them changed, those of the pack in use', async () => {
    const store = newStore();
    expect(await store.files()).toEqual(shipped);
    expect(await store.revision()).toBe(0);
    const list = await store.list();
    expect(list.find(({ name }) => name === 'Patient')).toEqual({
      ...patient,
      ...{ status: 'enabled', version: 0, author: 'shipped', savedAt: '' },
      ...{ shipped: true, overridden: false, resource: 'Patient', table: 'contact' },
    });
    const roots = list.filter(({ kind, status }) => kind === 'entity' && status === 'enabled');
    expect(roots.map(({ name }) => name).sort()).toEqual([...demo].sort());
    expect([...compilePack(await store.files()).roots.keys()].sort()).toEqual([...demo].sort());
  });

  test('keeps every version with its author, and rolls back by adding one', async () => {
    const store = newStore();
    await store.disable(patient, ann);
    await store.enable(patient, bob);
    await store.rollback(patient, 1, { author: 'cid' });
    const history = await store.history(patient);
    expect(history.map(({ version, author, change }) => [version, author, change])).toEqual([
      [0, 'shipped', 'edit'],
      [1, 'ann', 'disable'],
      [2, 'bob', 'enable'],
      [3, 'cid', 'rollback'],
    ]);
    expect(history[3]!.content).toEqual(history[1]!.content);
    expect(history[1]!.savedAt < history[2]!.savedAt).toBe(true);
    expect(await store.status(patient)).toMatchObject({ status: 'disabled', overridden: true });
    expect(await store.get(patient, 2)).toMatchObject({ version: 2, author: 'bob' });
    await store.rollback(patient, 0, ann);
    expect(compilePack(await store.files()).hash).toBe(compilePack(shipped).hash);
  });

  test('refuses an edit that the loader would refuse, and keeps nothing of it', async () => {
    const store = newStore();
    const bad = { ...contentOf(patient), attributes: [{ action: 'Script' }] };
    await expect(store.save(patient, bad, ann)).rejects.toMatchObject({
      code: 'MAP_PACK_INVALID',
      message: expect.stringContaining('entity/patient.json#/attributes/0'),
      details: { problems: [{ file: 'entity/patient.json', pointer: '/attributes/0/action' }] },
    });
    await expect(store.save(patient, 'x', ann)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(await store.history(patient)).toHaveLength(1);
  });

  test('an edit of a map that the pack leaves out does not put it into use', async () => {
    const store = newStore();
    const slot: MapName = { kind: 'entity', name: 'Slot' };
    const { content } = await store.get(slot);
    await store.save(slot, { ...(content as object), note: 'edited' }, ann);
    expect(await store.status(slot)).toMatchObject({ status: 'disabled', version: 1 });
    await store.enable(slot, ann);
    await store.rollback(slot, 0, ann);
    expect(await store.status(slot)).toMatchObject({ status: 'disabled', version: 3 });
    expect(compilePack(await store.files()).hash).toBe(compilePack(shipped).hash);
  });

  test('tells the expansions of a map, nested ones too, and which of them are off', async () => {
    const store = newStore();
    const states = async () =>
      new Map((await store.expansions(patient)).map(({ name, status }) => [name, status]));
    expect((await states()).get('identifier')).toBe('enabled');
    expect((await states()).get('patient-communication')).toBe('disabled');
    await store.enable({ kind: 'expansion', name: 'patient-communication' }, ann);
    expect((await states()).get('patient-communication')).toBe('enabled');
    const { roots } = compilePack(await store.files());
    const names = roots.get('Patient')!.expansions.map(({ name }) => name);
    expect(names).toContain('patient-communication');
    const team = await store.expansions({ kind: 'entity', name: 'CareTeam' });
    expect(team.map(({ name }) => name)).toContain('care-team-participant-role');
  });

  test('copies a map disabled; a resource type keeps one enabled root', async () => {
    const store = newStore();
    const copy: MapName = { kind: 'entity', name: 'contact <-> Patient' };
    await store.copy(patient, copy.name, ann);
    expect(await store.status(copy)).toMatchObject({
      ...{ shipped: false, status: 'disabled', version: 1, overridden: false },
    });
    await expect(store.enable(copy, ann)).rejects.toThrow(/disable one of the two/);
    await store.disable(patient, ann);
    await store.enable(copy, ann);
    expect(compilePack(await store.files()).roots.get('Patient')!.name).toBe(copy.name);
    await expect(store.copy(patient, copy.name, ann)).rejects.toMatchObject({ code: 'CONFLICT' });
  });

  test('a map of a name that looks like the file of another covers nothing', async () => {
    const store = newStore();
    await store.copy(patient, 'patient', ann);
    const names = (await store.list()).map(({ name }) => name);
    expect(names).toContain('Patient');
    expect(compilePack(await store.files()).hash).toBe(compilePack(shipped).hash);
  });

  test.each(['', 'a/b', 'a\\b', 'a?', 'a#', '%41', ' a', '..', 'x'.repeat(101), 'a\u0000', 'a\n'])(
    'refuses the name %j for a new map',
    async (name) => {
      const store = newStore();
      const map: MapName = { kind: 'entity', name };
      const refusal = { code: 'INPUT_INVALID' };
      await expect(store.save(map, contentOf(patient), ann)).rejects.toMatchObject(refusal);
      await expect(store.copy(patient, name, ann)).rejects.toMatchObject(refusal);
    },
  );

  test('archives shipped maps too, and restores; what is not there is NOT_FOUND', async () => {
    const store = newStore();
    await store.archive(patient, ann);
    expect(await store.status(patient)).toMatchObject({ status: 'archived' });
    await store.restore(patient, ann);
    expect(await store.status(patient)).toMatchObject({ status: 'disabled' });
    const missing = { code: 'NOT_FOUND' };
    const gone: MapName = { kind: 'entity', name: 'Gone' };
    await expect(store.enable(gone, ann)).rejects.toMatchObject(missing);
    await expect(store.get(gone)).rejects.toMatchObject(missing);
    await expect(store.rollback(patient, 9, ann)).rejects.toMatchObject(missing);
    await expect(store.get(patient, -1)).rejects.toMatchObject(missing);
    const values: MapName = { kind: 'values', name: 'name-use' };
    await expect(store.disable(values, ann)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('an edit of a version that is no longer the latest is refused', async () => {
    const storage = open();
    const content = contentOf(patient);
    await storeIn(storage).save(patient, content, { ...ann, expects: 0 });
    const stale = storeIn(storage).save(patient, content, { ...bob, expects: 0 });
    await expect(stale).rejects.toMatchObject({ code: 'PRECONDITION_FAILED' });
    const taken = storeIn(storage).save(patient, content, { ...bob, expects: 'none' });
    await expect(taken).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await storeIn(storage).history(patient)).toHaveLength(2);
  });

  test('of many who edit one version at once, on as many hosts, one wins', async () => {
    const storage = open();
    const edits = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        storeIn(storage).save(
          patient,
          { ...contentOf(patient), note: `note ${index}` },
          { author: `a${index}`, expects: 0 },
        ),
      ),
    );
    const kept = edits.filter(({ status }) => status === 'fulfilled');
    expect(kept).toHaveLength(1);
    for (const one of edits) {
      if (one.status === 'rejected') expect(one.reason.code).toBe('PRECONDITION_FAILED');
    }
    expect((await storeIn(storage).history(patient)).map(({ version }) => version)).toEqual([0, 1]);
  });

  test('changes of different maps at once are all kept', async () => {
    const storage = open();
    const names = ['Patient', 'Practitioner', 'Organization', 'Encounter'];
    await Promise.all(
      names.map((name) => storeIn(storage).disable({ kind: 'entity', name }, { author: name })),
    );
    const list = await storeIn(storage).list();
    const disabled = list.filter(({ version }) => version === 1).map(({ name }) => name);
    expect(disabled.sort()).toEqual([...names].sort());
  });

  test('two changes that do not fit together are never both kept', async () => {
    const storage = open();
    for (const name of ['P1', 'P2']) await storeIn(storage).copy(patient, name, ann);
    await storeIn(storage).disable(patient, ann);
    const results = await Promise.allSettled(
      ['P1', 'P2'].map((name) => storeIn(storage).enable({ kind: 'entity', name }, ann)),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(compilePack(await storeIn(storage).files()).roots.get('Patient')).toBeDefined();
  });

  test('a store that was open before sees what another host changed', async () => {
    const storage = open();
    const here = storeIn(storage);
    await here.files();
    await storeIn(storage).disable(patient, ann);
    expect(await here.revision()).toBe(1);
    expect(await here.status(patient)).toMatchObject({ status: 'disabled', author: 'ann' });
  });

  test('keeps a map that is far longer than a record', async () => {
    const storage = open();
    const note = '"\\é😀'.repeat(30_000);
    await storeIn(storage).save(patient, { ...contentOf(patient), note }, ann);
    const { content } = await storeIn(storage).get(patient);
    expect((content as { note: string }).note === note).toBe(true);
  });

  test('lays drafts over all maps without keeping them', async () => {
    const store = newStore();
    await store.copy(patient, 'Draft', ann);
    const draft = {
      kind: 'entity',
      name: 'Draft',
      content: { ...contentOf(patient), name: 'Draft' },
    };
    const files = await store.filesWith({ drafts: [draft as never], enable: ['Draft'] });
    expect(compilePack(files).roots.get('Patient')!.name).toBe('Draft');
    expect(compilePack(await store.files()).roots.get('Patient')!.name).toBe('Patient');
    expect(await store.revision()).toBe(1);
  });

  test('imports a new map disabled, and leaves the state of one that is there', async () => {
    const store = newStore();
    const content = { ...contentOf(patient), disabled: false };
    const imported: MapName = { kind: 'entity', name: 'contact <-> Patient' };
    await store.saveImported(imported, content, ann);
    expect(await store.status(imported)).toMatchObject({ status: 'disabled', version: 1 });
    await store.saveImported(patient, { ...content, disabled: true }, ann);
    expect(await store.status(patient)).toMatchObject({ status: 'enabled', version: 1 });
  });
});
