import { expect, test, vi } from 'vitest';
import { importLines, serveBulk, useStorage, version } from './bulk-services.ts';

// facts/migration.md 2.2, "Limits"; source: issue 3838 of the open-source FHIR server.

useStorage();
vi.setConfig({ testTimeout: 300_000 });

const day = (number: number) => `2024-01-0${number}T00:00:00.000Z`;

test('more than 80,000 versions of one type in one millisecond fail the job with 400', async () => {
  const service = await serveBulk({ validateWrites: false });
  const lines = Array.from({ length: 80_001 }, (_, index) =>
    JSON.stringify(version(`p${index}`, 1, day(1))),
  );
  const answer = await importLines(service, lines);
  expect(answer.status).toBe(400);
  expect(answer.text).toContain(
    'reduce the number of resources with the same up to millisecond lastUpdated',
  );
  const device = { ...version('d', 1, day(1)), resourceType: 'Device' };
  expect(await importLines(service, [device])).toMatchObject({ count: 1 });
});
