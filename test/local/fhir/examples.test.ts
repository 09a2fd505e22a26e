import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { type Body, serve } from './running-service.ts';
import { searchesFor, searchesThatMiss } from './searches-of-resource.ts';

/** Official examples that break R4's own rules; they must be refused, not stored. */
const notValid = new Set<string>([]);

interface Example extends Body {
  readonly resourceType: string;
  readonly id: string;
}

test('official HL7 examples are stored, come back equal, and are found by every value they are indexed by', async () => {
  const service = await serve();
  const examples = someExamples();
  expect(examples.length).toBeGreaterThan(250);
  for (let start = 0; start < examples.length; start += 100) {
    const entry = examples.slice(start, start + 100).map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    }));
    const answer = await service.call('POST', '/', {
      resourceType: 'Bundle',
      type: 'batch',
      entry,
    });
    const refused = answer.json.entry!.flatMap(({ response }, index) =>
      response!.status === '201' ? [] : [[entry[index]!.request.url, response!.outcome]],
    );
    expect(refused).toEqual([]);
  }
  for (const example of examples) {
    const { resourceType, id } = example;
    const read = await service.call('GET', `/${resourceType}/${id}`);
    expect(withoutServerMeta(read.json)).toEqual(withoutServerMeta(example));
    expect(await found(`/${resourceType}?_id=${id}`)).toEqual([id]);
    for (const { system, value } of identifiersOf(example)) {
      const token = encodeURIComponent(`${system}|${value}`);
      expect(await found(`/${resourceType}?identifier=${token}&_count=1000`)).toContain(id);
    }
  }

  const asked = examples.flatMap((example) =>
    searchesFor(example).map((search) => ({ id: example.id, search })),
  );
  expect(asked.length).toBeGreaterThan(1_000);
  expect(await searchesThatMiss(service, asked)).toEqual([]);

  async function found(path: string) {
    return (await service.call('GET', path)).json.entry?.map(({ resource }) => resource!.id);
  }
});

/** At most three examples of each type, so that all types are seen. */
function someExamples(): Example[] {
  const folder = dirname(
    createRequire(import.meta.url).resolve('hl7.fhir.r4.examples/package.json'),
  );
  const taken = new Map<string, number>();
  const examples: Example[] = [];
  for (const file of readdirSync(folder).sort()) {
    const type = /^([A-Z]\w+)-.+\.json$/.exec(file)?.[1];
    if (type === undefined || (taken.get(type) ?? 0) >= 3 || notValid.has(file)) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    if (text.length > 100_000) continue;
    taken.set(type, (taken.get(type) ?? 0) + 1);
    examples.push(JSON.parse(text));
  }
  return examples;
}

function identifiersOf(example: Example): { system: string; value: string }[] {
  const { identifier } = example;
  return Array.isArray(identifier)
    ? identifier.filter(({ system, value }) => system !== undefined && value !== undefined)
    : [];
}

function withoutServerMeta({ meta, ...rest }: Body) {
  const { versionId: _version, lastUpdated: _updated, ...kept } = meta ?? {};
  return { ...rest, meta: kept };
}
