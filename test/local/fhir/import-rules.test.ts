import { expect, test } from 'vitest';
import {
  deletedMark,
  historyOf,
  importLines,
  serveBulk,
  useStorage,
  version,
} from './bulk-services.ts';

// The incremental rules of facts/migration.md 2.3, in their order; source: SqlServerFhirDataStore and the import parser of the open-source FHIR server.

useStorage();

const day = (number: number) => `2024-01-${String(number).padStart(2, '0')}T00:00:00.000Z`;
const duplicate = (id: string, line: number) =>
  `Failed to import duplicate resource, resource id: ${id}, line: ${line}`;
const conflict = (id: string, line: number) =>
  `Failed to import resource with version conflict, resource id: ${id}, line: ${line}`;
const negative = [{ name: 'allowNegativeVersions', valueBoolean: true }];

test('(1) without lastUpdated a resource gets the present and version 1, whatever its versionId', async () => {
  const service = await serveBulk();
  const before = Date.now();
  await importLines(service, [version('a', 7, undefined)]);
  const [only = ''] = await historyOf(service, 'a');
  expect(only).toMatch(/^1@/);
  expect(Date.parse(only.slice(2))).toBeGreaterThanOrEqual(before);
});

test('(1) lastUpdated is cut to milliseconds, and a versionId that is no number counts as none', async () => {
  const service = await serveBulk();
  await importLines(service, [
    {
      resourceType: 'Patient',
      id: 'a',
      meta: { versionId: 'x7', lastUpdated: '2024-01-01T02:00:00.1239+02:00' },
    },
  ]);
  expect(await historyOf(service, 'a')).toEqual(['1@2024-01-01T00:00:00.123Z']);
});

test('(1) lastUpdated more than 10 s ahead of the clock is refused', async () => {
  const service = await serveBulk();
  const at = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
  const { count, causes } = await importLines(service, [
    version('near', 1, at(5_000)),
    version('far', 1, at(60_000)),
  ]);
  expect([count, causes]).toEqual([1, ['LastUpdated in the resource cannot be in the future.']]);
});

test('(1) the clock of the service decides what the future is', async () => {
  const service = await serveBulk({ clockOffsetMs: -3_600_000 });
  const { causes } = await importLines(service, [version('a', 1, new Date().toISOString())]);
  expect(causes).toEqual(['LastUpdated in the resource cannot be in the future.']);
});

test('(2) of lines with one lastUpdated the highest version counts, and the others are duplicates', async () => {
  const service = await serveBulk();
  const { count, causes } = await importLines(service, [
    version('a', 9, day(1)),
    version('a', 10, day(1)),
    version('b', undefined, undefined, { gender: 'male' }),
    version('b', undefined, undefined, { gender: 'female' }),
  ]);
  expect([count, causes]).toEqual([2, [duplicate('a', 1), duplicate('b', 4)]]);
  expect(await historyOf(service, 'a')).toEqual([`10@${day(1)}`]);
});

test('(3) what is stored already is success; other content or version under its lastUpdated is a conflict', async () => {
  const service = await serveBulk();
  await importLines(service, [version('a', 3, day(1), { gender: 'male' })]);
  const again = (versionId: number | undefined, gender: string) =>
    importLines(service, [version('a', versionId, day(1), { gender })]);
  expect(await again(3, 'male')).toMatchObject({ count: 1, causes: [] });
  expect(await again(undefined, 'male')).toMatchObject({ count: 1, causes: [] });
  expect(await again(4, 'male')).toMatchObject({ count: 0, causes: [conflict('a', 1)] });
  expect(await again(3, 'female')).toMatchObject({ count: 0, causes: [conflict('a', 1)] });
  expect(await historyOf(service, 'a')).toEqual([`3@${day(1)}`]);
});

test('(4) a version that is stored under another lastUpdated is a conflict', async () => {
  const service = await serveBulk();
  await importLines(service, [version('a', 3, day(3))]);
  for (const other of [day(2), day(4)]) {
    const answer = await importLines(service, [version('a', 3, other)]);
    expect(answer).toMatchObject({ count: 0, causes: [conflict('a', 1)] });
  }
});

test('(4) one version twice in a batch: the later lastUpdated counts', async () => {
  const service = await serveBulk();
  const { count, causes } = await importLines(service, [
    version('a', 1, day(1)),
    version('a', 1, day(2)),
  ]);
  expect([count, causes]).toEqual([1, [duplicate('a', 1)]]);
  expect(await historyOf(service, 'a')).toEqual([`1@${day(2)}`]);
});

test('(4) versions must rise with lastUpdated inside a batch', async () => {
  const service = await serveBulk();
  const { count, causes } = await importLines(service, [
    version('a', 2, day(1)),
    version('a', 1, day(2)),
    version('a', 3, day(3)),
  ]);
  expect([count, causes]).toEqual([2, [conflict('a', 1)]]);
  expect(await historyOf(service, 'a')).toEqual([`3@${day(3)}`, `1@${day(2)}`]);
});

test('(4) versions must stand on the same side of the current one as lastUpdated does', async () => {
  const service = await serveBulk();
  await importLines(service, [version('a', 5, day(5))]);
  const wrong = [version('a', 4, day(6)), version('a', 6, day(4))];
  for (const line of wrong) {
    expect(await importLines(service, [line])).toMatchObject({
      count: 0,
      causes: [conflict('a', 1)],
    });
  }
});

test('(5) older versions may come after newer ones; the newest lastUpdated stays current', async () => {
  const service = await serveBulk();
  await importLines(service, [version('a', 2, day(2), { gender: 'male' })]);
  await importLines(service, [version('a', 1, day(1), { gender: 'female' })]);
  await importLines(service, [version('a', 3, day(3), { gender: 'other' })]);
  expect(await historyOf(service, 'a')).toEqual([`3@${day(3)}`, `2@${day(2)}`, `1@${day(1)}`]);
  expect((await service.call('GET', '/Patient/a')).json['gender']).toBe('other');
  for (const [gender, total] of Object.entries({ male: 0, female: 0, other: 1 })) {
    const found = await service.call('GET', `/Patient?gender=${gender}&_summary=count`);
    expect([gender, found.json.total]).toEqual([gender, total]);
  }
});

test('(6) lastUpdated without version continues after the current version', async () => {
  const service = await serveBulk();
  await importLines(service, [version('a', 5, day(5))]);
  await importLines(service, [version('a', undefined, day(7)), version('a', undefined, day(6))]);
  expect(await historyOf(service, 'a')).toEqual([`7@${day(7)}`, `6@${day(6)}`, `5@${day(5)}`]);
});

test('(6) lastUpdated without version, before the current one, takes a free number', async () => {
  const service = await serveBulk();
  await importLines(service, [version('a', 2, day(2)), version('a', 6, day(6))]);
  const late = [version('a', undefined, day(3)), version('a', undefined, day(4))];
  expect(await importLines(service, late)).toMatchObject({ count: 2, causes: [] });
  expect(await historyOf(service, 'a')).toEqual([
    `6@${day(6)}`,
    `5@${day(4)}`,
    `4@${day(3)}`,
    `2@${day(2)}`,
  ]);
});

test('(6) without a free number it takes a negative one where that is allowed, else it is a conflict', async () => {
  const service = await serveBulk();
  await importLines(service, [version('a', 1, day(5))]);
  const late = [version('a', undefined, day(2)), version('a', undefined, day(1))];
  expect(await importLines(service, late)).toMatchObject({
    count: 0,
    causes: [conflict('a', 1), conflict('a', 2)],
  });
  expect(await importLines(service, late, negative)).toMatchObject({ count: 2, causes: [] });
  expect((await historyOf(service, 'a')).toSorted()).toEqual(
    [`1@${day(5)}`, `-1@${day(2)}`, `-2@${day(1)}`].toSorted(),
  );
  expect((await service.call('GET', '/Patient/a')).json.meta!.versionId).toBe('1');
});

test('(6) negative versions are taken as they are only where they are allowed', async () => {
  const service = await serveBulk();
  await importLines(service, [version('a', 1, day(5))]);
  const line = [version('a', -3, day(1))];
  expect(await importLines(service, line)).toMatchObject({ causes: [conflict('a', 1)] });
  expect(await importLines(service, line, negative)).toMatchObject({ count: 1, causes: [] });
});

test('(7) the soft-delete extension makes a deletion of a line and is not stored', async () => {
  const service = await serveBulk();
  const label = { url: 'http://example.org/label', valueString: 'kept' };
  const tombstone = {
    resourceType: 'Patient',
    id: 'a',
    meta: { versionId: '2', lastUpdated: day(2), extension: [label, deletedMark] },
  };
  await importLines(service, [version('a', 1, day(1)), tombstone]);
  expect(await historyOf(service, 'a')).toEqual([`2@${day(2)}-`, `1@${day(1)}`]);
  expect((await service.call('GET', '/Patient/a')).status).toBe(410);
  expect((await service.call('GET', '/Patient?_summary=count')).json.total).toBe(0);
  const { text } = await service.call('GET', '/Patient/a/_history');
  expect(text).toContain('kept');
  expect(text).not.toContain('soft-deleted');
});

test('(8) references are not checked, and conditional ones are stored as they are', async () => {
  const service = await serveBulk();
  const managingOrganization = { reference: 'Organization?name=x' };
  expect(
    await importLines(service, [version('a', 1, day(1), { managingOrganization })]),
  ).toMatchObject({ count: 1 });
  expect((await service.call('GET', '/Patient/a')).json['managingOrganization']).toEqual(
    managingOrganization,
  );
});

test('(9) versions that a source wrote in one millisecond are one to an import: the others are named as duplicates', async () => {
  const service = await serveBulk();
  const { count, causes } = await importLines(service, [
    version('a', 1, day(1), { gender: 'male' }),
    version('a', 2, day(1), { gender: 'female' }),
  ]);
  expect([count, causes]).toEqual([1, [duplicate('a', 1)]]);
  expect(await historyOf(service, 'a')).toEqual([`2@${day(1)}`]);
});

test('a write by the API continues after the imported versions', async () => {
  const service = await serveBulk();
  await importLines(service, [version('a', 5, day(1))]);
  const written = await service.call('PUT', '/Patient/a', {
    resourceType: 'Patient',
    id: 'a',
    active: true,
  });
  expect(written.json.meta!.versionId).toBe('6');
});

test('thousands of versions of one millisecond keep it, and page through in full', async () => {
  const service = await serveBulk();
  const count = 4_200;
  const lines = Array.from({ length: count }, (_, index) => version(`p${index}`, 1, day(1)));
  expect(await importLines(service, lines)).toMatchObject({ count, causes: [] });
  const total = async (query: string) =>
    (await service.call('GET', `/Patient?_summary=count&${query}`)).json.total;
  expect(await total(`_lastUpdated=${day(1)}`)).toBe(count);
  expect(await total('_lastUpdated=gt2024-01-01T00:00:00.000Z')).toBe(0);
  expect(await total('_lastUpdated=lt2024-01-01T00:00:00.000Z')).toBe(0);
  const seen = new Set<string>();
  let next: string | undefined = '/Patient?_count=1000';
  while (next !== undefined) {
    const { json } = await service.call('GET', next);
    for (const { resource } of json.entry ?? []) seen.add(resource!.id!);
    next = json.link?.find(({ relation }) => relation === 'next')?.url.slice(service.url.length);
  }
  expect(seen.size).toBe(count);
});
