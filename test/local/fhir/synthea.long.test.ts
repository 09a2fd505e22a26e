import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { type Body, serve } from './running-service.ts';
import { searchesFor, searchesThatMiss } from './searches-of-resource.ts';

/** Synthetic patients beside the project; skipped where they are not. */
const folder = fileURLToPath(new URL('../../../../shared/data/synthea-88', import.meta.url));
const checkedEvery = 25;

test.skipIf(!existsSync(folder))(
  'Synthea patients (skipped when ../shared/data/synthea-88 is absent) come back equal and are found by their values',
  { timeout: 600_000 },
  async () => {
    const service = await serve();
    const resources = readdirSync(folder)
      .filter((name) => name.endsWith('.ndjson.gz'))
      .flatMap((name) => lines(join(folder, name)));
    expect(resources.length).toBe(32_427);
    for (let start = 0; start < resources.length; start += 400) {
      const entry = resources.slice(start, start + 400).map((resource) => ({
        resource,
        request: { method: 'PUT', url: referenceOf(resource) },
      }));
      const bundle = { resourceType: 'Bundle', type: 'batch', entry };
      const { json } = await service.call('POST', '/', bundle, { prefer: 'return=minimal' });
      const refused = json.entry!.filter(({ response }) => response!.status !== '201');
      expect(refused).toEqual([]);
    }
    const sent = new Map(resources.map((resource) => [referenceOf(resource), resource]));
    for (const type of new Set(resources.map(({ resourceType }) => resourceType))) {
      let next: string | undefined = `/${type}?_count=1000`;
      while (next !== undefined) {
        const { json }: { json: Body } = await service.call('GET', next);
        for (const { resource } of json.entry ?? []) {
          const original = sent.get(referenceOf(resource!))!;
          expect(withoutServerMeta(resource!)).toEqual(withoutServerMeta(original));
          sent.delete(referenceOf(resource!));
        }
        const link: string | undefined = json.link?.find(
          ({ relation }) => relation === 'next',
        )?.url;
        next = link?.slice(service.url.length);
      }
    }
    expect(sent.size).toBe(0);
    const checked = resources.filter((_, index) => index % checkedEvery === 0);
    const asked = checked.flatMap((resource) =>
      // The id keeps searches short whose value thousands share, such as a status.
      searchesFor(resource).map((search) => ({
        id: resource.id!,
        search: `${search}&_id=${resource.id}`,
      })),
    );
    expect(asked.length).toBeGreaterThan(checked.length * 4);
    expect(await searchesThatMiss(service, asked)).toEqual([]);
  },
);

function lines(file: string): readonly Body[] {
  return gunzipSync(readFileSync(file))
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

function referenceOf({ resourceType, id }: Body): string {
  return `${resourceType}/${id}`;
}

function withoutServerMeta({ meta, ...rest }: Body) {
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta ?? {};
  return { ...rest, meta: kept };
}
