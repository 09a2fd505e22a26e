import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type MovingServices,
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
  const id = await services.start();
  const first = await services.run(id);
  expect([first.state, verdictOf(first)]).toEqual(['completed', 'equal']);
  expect(first.ledger['SearchParameter']).toEqual({
    ...{ exported: 1, loaded: 0, present: 1, quarantined: 0 },
  });
  expect(store).toBeDefined();
}, 60_000);

it('one that changed in the source is changed in the target, under the id it has there', async () => {
  const { sourceUrl, targetUrl } = services;
  await put(sourceUrl, parameterOf('p', 'second'));
  const moved = await services.run(await services.start());
  expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
  const held = await (await fetch(`${targetUrl}/SearchParameter/own-id`)).json();
  expect(held).toMatchObject({ description: 'second' });
}, 60_000);
