import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FhirResource, readNdjsonFolder, SeedError } from '../../../local/seed/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ndjson-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, content: string) => {
  const bytes = Buffer.from(content);
  writeFileSync(join(folder, name), name.endsWith('.gz') ? gzipSync(bytes) : bytes);
};
const line = (resourceType: string, id: string) => JSON.stringify({ resourceType, id });
async function read(options?: { readonly consents?: 'demo' }, from = folder) {
  const found: FhirResource[] = [];
  for await (const resource of readNdjsonFolder(from, options)) found.push(resource);
  return found;
}
const references = (resources: readonly FhirResource[]) =>
  resources.map(({ resourceType, id }) => `${resourceType}/${id}`);

test('plain and zipped files are read, referred-to types first', async () => {
  write('Observation.ndjson', `${line('Observation', 'o1')}\n`);
  write('Zzz.ndjson', line('Zzz', 'z1'));
  write('Patient-2.ndjson.gz', `${line('Patient', 'p2')}\r\n\n${line('Patient', 'p3')}`);
  write('Patient-1.ndjson', line('Patient', 'p1'));
  write('Organization.ndjson.gz', line('Organization', 'g1'));
  write('LICENSE.txt', 'not data');
  expect(references(await read())).toEqual([
    ...['Organization/g1', 'Patient/p1', 'Patient/p2', 'Patient/p3', 'Observation/o1', 'Zzz/z1'],
  ]);
});

test('with demo consents each Consent follows its Patient, and some patients have none', async () => {
  write(
    'Patient.ndjson',
    Array.from({ length: 20 }, (_, i) => line('Patient', `p${i}`)).join('\n'),
  );
  write('Encounter.ndjson', line('Encounter', 'e1'));
  const resources = await read({ consents: 'demo' });
  const types = resources.map((one) => one.resourceType);
  expect(types.filter((type) => type === 'Consent')).toHaveLength(17);
  expect(types.at(-1)).toBe('Encounter');
  for (const [index, resource] of resources.entries()) {
    if (resource.resourceType !== 'Consent') continue;
    const patient = resources[index - 1]!;
    expect(resource).toMatchObject({ patient: { reference: `Patient/${patient.id}` } });
  }
  expect(await read({ consents: 'demo' })).toEqual(resources);
});

test.each([
  ['broken JSON', `${line('Patient', 'a')}\n{"resourceType":`, 'Patient.ndjson:2: not valid JSON'],
  ['no resource', `\n\n${JSON.stringify({ id: '1' })}`, 'Patient.ndjson:3: not a FHIR resource'],
  ['an id that FHIR forbids', line('Patient', 'a/b'), 'Patient.ndjson:1: not a FHIR resource'],
  ['a type that is no name', line('Pat/ient', 'a'), 'Patient.ndjson:1: not a FHIR resource'],
  ['null', 'null', 'Patient.ndjson:1: not a FHIR resource'],
])('%s is refused by file and line', async (_, content, message) => {
  write('Patient.ndjson', content);
  await expect(read()).rejects.toThrow(message);
});

test('a line over 10 MB is refused before it is read whole', async () => {
  write('Patient.ndjson.gz', `${line('Patient', 'a')}\n${'x'.repeat(11 * 1_048_576)}`);
  await expect(read()).rejects.toThrow('Patient.ndjson.gz:2: the line is longer than 10 MB');
});

test('a damaged archive and a missing or empty folder are named', async () => {
  await expect(read()).rejects.toThrow('no *.ndjson');
  await expect(read({}, join(folder, 'none'))).rejects.toThrow('none');
  writeFileSync(join(folder, 'Patient.ndjson.gz'), gzipSync(line('Patient', 'a')).subarray(0, 20));
  await expect(read()).rejects.toThrow('Patient.ndjson.gz:1: cannot be read on');
});

test('any text in a file gives resources or a located SeedError, nothing else', async () => {
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    fc.record({ resourceType: fc.string(), id: fc.string() }).map((value) => JSON.stringify(value)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 4 }), async (lines) => {
      write('Patient.ndjson', lines.join('\n'));
      const problem = await read().then(
        () => undefined,
        (reason: unknown) => reason,
      );
      if (problem === undefined) return;
      expect(problem).toBeInstanceOf(SeedError);
      expect(String(problem)).toMatch(/Patient\.ndjson:\d+: /);
    }),
    { numRuns: 50 },
  );
});

const synthea = join(import.meta.dirname, '../../../../shared/data/synthea-88');
test.skipIf(!existsSync(synthea))('the 88 Synthea patients are read whole', async () => {
  let count = 0;
  for await (const _ of readNdjsonFolder(synthea)) count += 1;
  expect(count).toBe(32_427);
});
