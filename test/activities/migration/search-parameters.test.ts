import { afterAll, beforeAll, expect, it } from 'vitest';
import { createMigrationActivities } from '../../../activities/migration/index.ts';
import {
  type MovingServices,
  nextSecond,
  patientOf,
  put,
  startMovingServices,
  verdictOf,
} from './moving-services.ts';

let services: MovingServices;
beforeAll(async () => {
  services = await startMovingServices();
}, 120_000);
afterAll(() => services.close());

const parameterOf = (id: string, description: string) => ({
  resourceType: 'SearchParameter',
  id,
  url: 'http://example.org/SearchParameter/colour',
  name: 'colour',
  status: 'active',
  description,
  code: 'colour',
  base: ['Patient'],
  type: 'string',
  expression: "Patient.extension('http://example.org/colour').value",
});

it('search parameters are put before and between windows, counted, and compared by URL and content', async () => {
  const { sourceUrl, targetUrl, store } = services;
  await put(targetUrl, parameterOf('own-id', 'first'));
  await put(sourceUrl, parameterOf('p', 'first'));
  await put(sourceUrl, patientOf('a'));
  await nextSecond();
  const id = await services.start();
  const first = await services.run(id);
  expect([first.state, verdictOf(first)]).toEqual(['completed', 'equal']);
  expect(first.ledger['SearchParameter']).toEqual({
    ...{ exported: 1, loaded: 0, present: 1, quarantined: 0 },
  });
  expect(store).toBeDefined();
}, 60_000);

it('what was carried over can be searched by when the migration ends', async () => {
  const { sourceUrl, targetUrl } = services;
  const extension = [{ url: 'http://example.org/colour', valueString: 'green' }];
  await put(sourceUrl, { ...patientOf('green'), extension });
  const moved = await services.run(await services.start());
  expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
  const found = await (await fetch(`${targetUrl}/Patient?colour=green`)).json();
  expect(found).toMatchObject({ entry: [{ resource: { id: 'green' } }] });
}, 60_000);

it('one that changed in the source is changed in the target, under the id it has there', async () => {
  const { sourceUrl, targetUrl } = services;
  await put(sourceUrl, parameterOf('p', 'second'));
  const moved = await services.run(await services.start());
  expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
  const held = await (await fetch(`${targetUrl}/SearchParameter/own-id`)).json();
  expect(held).toMatchObject({ description: 'second' });
}, 60_000);

it('one that a reindex left disabled holds the migration up, with its URL', async () => {
  const { sourceUrl, targetUrl, deps } = services;
  const other = { ...parameterOf('q', 'other'), url: 'http://example.org/SearchParameter/shade' };
  const shade = { ...other, name: 'shade', code: 'shade' };
  await put(sourceUrl, shade);
  await put(targetUrl, shade);
  const { indexSearchParameters } = createMigrationActivities(deps);
  const migrationId = await services.start();
  const ended = { migrationId, job: '_operations/reindex/999999', looks: 1 };
  expect(await indexSearchParameters(ended)).toEqual({
    kind: 'blocked',
    reason: expect.stringContaining('SearchParameter/shade'),
  });
  expect(await indexSearchParameters({ migrationId, job: null, looks: 0 })).toMatchObject({
    kind: 'indexing',
    job: expect.stringMatching(/^_operations\/reindex\/\d+$/),
  });
}, 60_000);
