import { cpSync } from 'node:fs';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Door, newFolder, serve } from './running-service.ts';

// Index rows are written later than the resources they belong to. Nobody may see that:
// not a search, not after a rollback, not after a kill.

const genders = ['male', 'female', 'other'] as const;
type Gender = (typeof genders)[number];

const patient = (id: string, gender: Gender) => ({ resourceType: 'Patient', id, gender });

const put = (id: string, gender: Gender) => ({
  resource: patient(id, gender),
  request: { method: 'PUT', url: `Patient/${id}` },
});

async function idsWith(service: Door, gender: Gender): Promise<string[]> {
  const { json } = await service.call('GET', `/Patient?gender=${gender}&_elements=id`);
  return (json.entry ?? []).map(({ resource }) => resource!.id!).sort();
}

const idOf = fc.constantFrom('a', 'b', 'c', 'd');
const genderOf = fc.constantFrom(...genders);
const entriesOf = fc.uniqueArray(fc.tuple(idOf, genderOf), {
  selector: ([id]) => id,
  minLength: 1,
});

const step = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), id: idOf, gender: genderOf }),
  fc.record({ kind: fc.constant('delete' as const), id: idOf }),
  fc.record({ kind: fc.constant('transaction' as const), entries: entriesOf, fails: fc.boolean() }),
  fc.record({ kind: fc.constant('search' as const), gender: genderOf }),
  fc.record({ kind: fc.constant('kill' as const) }),
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** One entry looks into the index in the middle of the transaction, and may then make it fail. */
function transaction(entries: readonly (readonly [string, Gender])[], fails: boolean) {
  const look = { method: 'GET', url: 'Patient?gender=male' };
  const failing = { method: 'GET', url: 'Patient/nobody' };
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [
      ...entries.map(([id, gender]) => put(id, gender)),
      { request: look },
      ...(fails ? [{ request: failing }] : []),
    ],
  };
}

/** The files as a kill would leave them: nothing that waits in memory is among them. */
async function afterKill(folder: string): Promise<Running> {
  const copy = newFolder();
  cpSync(folder, copy, { recursive: true });
  return { service: await serve({ dataFolder: copy }), folder: copy };
}

interface Running {
  readonly service: Door;
  readonly folder: string;
}

/** Does the step in the service and in the model, and gives the service to go on with. */
async function take(running: Running, model: Map<string, Gender>, one: Step): Promise<Running> {
  const { service } = running;
  switch (one.kind) {
    case 'write':
      await service.call('PUT', `/Patient/${one.id}`, patient(one.id, one.gender));
      model.set(one.id, one.gender);
      return running;
    case 'delete':
      await service.call('DELETE', `/Patient/${one.id}`);
      model.delete(one.id);
      return running;
    case 'transaction': {
      const answer = await service.call('POST', '/', transaction(one.entries, one.fails));
      expect(answer.status).toBe(one.fails ? 404 : 200);
      if (!one.fails) for (const [id, gender] of one.entries) model.set(id, gender);
      return running;
    }
    case 'search':
      expect(await idsWith(service, one.gender)).toEqual(idsOf(model, one.gender));
      return running;
    case 'kill': {
      const after = await afterKill(running.folder);
      await service.close();
      return after;
    }
  }
}

const idsOf = (model: ReadonlyMap<string, Gender>, gender: Gender): string[] =>
  [...model].flatMap(([id, has]) => (has === gender ? [id] : [])).sort();

const writes: Step = { kind: 'write', id: 'a', gender: 'male' };
const failsAfterLook: Step = { kind: 'transaction', entries: [['b', 'male']], fails: true };
const dies: Step = { kind: 'kill' };

test('searches find what is there, whatever was written, rolled back or killed before', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const folder = newFolder();
      let running: Running = { folder, service: await serve({ dataFolder: folder }) };
      const model = new Map<string, Gender>();
      for (const one of steps) running = await take(running, model, one);
      for (const gender of genders) {
        expect(await idsWith(running.service, gender)).toEqual(idsOf(model, gender));
      }
      await running.service.close();
    }),
    { numRuns: 20, examples: [[[writes, failsAfterLook]], [[writes, failsAfterLook, dies]]] },
  );
});

test('a kill with many waiting index rows loses none of them', async () => {
  const folder = newFolder();
  const service = await serve({ dataFolder: folder });
  const entry = Array.from({ length: 500 }, (_, index) => put(`p${index}`, genders[index % 3]!));
  await service.call('POST', '/', { resourceType: 'Bundle', type: 'batch', entry });
  await service.call('PUT', '/Patient/p0', patient('p0', 'other'));
  const { service: after } = await afterKill(folder);
  const counts = genders.map(async (gender) => {
    const { json } = await after.call('GET', `/Patient?gender=${gender}&_summary=count`);
    return json.total;
  });
  expect(await Promise.all(counts)).toEqual([166, 167, 167]);
});

test('many more rows than may wait are all found', async () => {
  const service = await serve({ validateWrites: false });
  const identifier = Array.from({ length: 120 }, (_, index) => ({ value: `i${index}` }));
  for (const part of [0, 1]) {
    const entry = Array.from({ length: 250 }, (_, index) => {
      const id = `p${part * 250 + index}`;
      const resource = { ...patient(id, 'other'), identifier };
      return { resource, request: { method: 'PUT', url: `Patient/${id}` } };
    });
    await service.call('POST', '/', { resourceType: 'Bundle', type: 'batch', entry });
  }
  const { json } = await service.call('GET', '/Patient?identifier=i119&_summary=count');
  expect(json.total).toBe(500);
});

test('a union such as combo-code finds what its parts find', async () => {
  const service = await serve();
  const observation = (id: string, content: object) =>
    service.call('PUT', `/Observation/${id}`, {
      ...{ resourceType: 'Observation', id, status: 'final', code: { coding: [{ code: 'x' }] } },
      ...content,
    });
  await observation('own', { code: { coding: [{ code: 'y' }] }, valueQuantity: { value: 5 } });
  const component = { code: { coding: [{ code: 'y' }] }, valueQuantity: { value: 7 } };
  await observation('part', { component: [component] });
  await observation('none', {});
  const found = async (query: string) => {
    const { json } = await service.call('GET', `/Observation?${query}`);
    return json.entry?.map(({ resource }) => resource!.id);
  };
  expect(await found('combo-code=y')).toEqual(['own', 'part']);
  expect(await found('combo-code:not=y')).toEqual(['none']);
  expect(await found('combo-value-quantity=gt4&combo-code=y')).toEqual(['own', 'part']);
  expect(await found('combo-value-quantity=gt6')).toEqual(['part']);
  expect(await found('combo-value-quantity:missing=true')).toEqual(['none']);
});
