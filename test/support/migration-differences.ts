import { expect } from 'vitest';
import { readDifferences } from '../../activities/migration/differences-file.ts';
import { createMigrationActivities, loadRun } from '../../activities/migration/index.ts';
import { migrationPlan, type Side } from '../../shared/migration/index.ts';
import { recordStart } from './migration-run.ts';
import type { Service, World } from './migration-world.ts';

/** lastUpdated of the first resource; each next one is a millisecond younger. */
const begin = Date.parse('2026-02-01T00:00:00Z');
const types = ['Observation', 'Patient'] as const;

/** One version as an export writes it; every second one is a Patient. */
function line(number: number, text = `n${number}`): string {
  const meta = { versionId: '1', lastUpdated: new Date(begin + number).toISOString() };
  const id = `r${number}`;
  return number % 2 === 0
    ? JSON.stringify({ resourceType: 'Patient', id, meta, name: [{ family: text }] })
    : JSON.stringify({
        ...{ resourceType: 'Observation', id, meta, status: 'final', code: { text: 'a code' } },
        valueString: text,
      });
}

/** Loads the same resources into both services, but for one altered, one missing and one extra. */
export async function loadBothSides(world: World, count: number): Promise<void> {
  const numbers = Array.from({ length: count }, (_, index) => index);
  const [altered, missing, extra] = [3, 5, 7].map((part) => Math.floor((count * part) / 9));
  await world.blobs.ensureContainer('given');
  const load = async (side: Side, lines: readonly string[]): Promise<void> => {
    const content = Buffer.from(`${lines.join('\n')}\n`);
    const { url } = await world.blobs.write('given', `${side}.ndjson`, content);
    await importInto(world[side], url);
  };
  await load(
    'source',
    numbers.filter((number) => number !== extra).map((number) => line(number)),
  );
  await load(
    'target',
    numbers
      .filter((number) => number !== missing)
      .map((number) => line(number, number === altered ? 'altered' : undefined)),
  );
}

async function importInto(service: Service, url: string): Promise<void> {
  const body = {
    resourceType: 'Parameters',
    parameter: [
      { name: 'inputFormat', valueString: 'application/fhir+ndjson' },
      { name: 'mode', valueString: 'IncrementalLoad' },
      { name: 'input', part: [{ name: 'url', valueUri: url }] },
    ],
  };
  const begun = await fetch(`${service.url}/$import`, {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json', prefer: 'respond-async' },
    body: JSON.stringify(body),
  });
  const job = begun.headers.get('content-location') ?? '';
  for (;;) {
    const answer = await fetch(job);
    const text = await answer.text();
    if (answer.status === 200) {
      expect(JSON.parse(text).error).toEqual([]);
      return;
    }
    if (answer.status !== 202) throw new Error(text);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Compares both sides by the steps of a migration whose source is frozen now. */
export async function namedDifferences(world: World) {
  const { deps, migrationId } = world;
  const { store } = deps;
  await recordStart(world, migrationPlan.parse({ types: [...types], fileResources: 20_000 }));
  const steps = createMigrationActivities(deps);
  const { run } = await loadRun(store, migrationId);
  await store.runs.put('runs', migrationId, {
    ...{ ...run, state: 'verifying', exportDialect: 'ahds' },
    ...{ begin: new Date(begin).toISOString(), frozenAt: deps.now().toISOString() },
  });
  const input = { migrationId, proof: 1 };
  expect(await steps.beginProof(input)).toMatchObject({ kind: 'begun' });
  for (const side of ['source', 'target'] as const) await digestSide(world, side);
  const compared = await steps.compareSides(input);
  const { listed, count } = await readDifferences(deps, input);
  return {
    compared,
    count,
    listed: listed.map(({ kind, resourceType, id }) => `${kind} ${resourceType}/${id}`),
  };
}

async function digestSide(world: World, side: Side): Promise<void> {
  const { deps, migrationId } = world;
  const steps = createMigrationActivities(deps);
  const extract = { migrationId, extract: `proof-1-${side}` };
  await steps.startExtract(extract);
  for (let looks = 0; ; looks += 1) {
    await world.idle();
    const polled = await steps.pollExtract({ ...extract, looks });
    if (polled.kind === 'blocked') throw new Error(polled.reason);
    if (polled.kind !== 'ready') continue;
    for (let chunk = 1; chunk <= polled.chunks; chunk += 1) {
      const digested = await steps.digestChunk({ migrationId, proof: 1, side, chunk });
      expect(digested.kind).toBe('digested');
    }
    return;
  }
}

/** Every difference that was made, and nothing else, is named. */
export async function expectEachNamed(world: World, count: number): Promise<void> {
  await loadBothSides(world, count);
  const undeleted = Math.floor((count * 2) / 9);
  const doomed = `${undeleted % 2 === 0 ? 'Patient' : 'Observation'}/r${undeleted}`;
  world.pass(60_000);
  const answer = await world.source.call('DELETE', doomed);
  expect(answer.status).toBe(204);
  world.pass(60_000);
  const found = await namedDifferences(world);
  const nameOf = (part: number): string => {
    const number = Math.floor((count * part) / 9);
    return `${number % 2 === 0 ? 'Patient' : 'Observation'}/r${number}`;
  };
  expect([...found.listed].sort()).toEqual(
    [
      `altered ${nameOf(3)}`,
      `missing ${nameOf(5)}`,
      `extra ${nameOf(7)}`,
      `undeleted ${doomed}`,
    ].sort(),
  );
  expect(found.compared).toMatchObject({ kind: 'compared', entries: count, differences: 4 });
}
