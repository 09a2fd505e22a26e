import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type MovingServices,
  nextSecond,
  patientOf,
  put,
  remove,
  startMovingServices,
} from './moving-services.ts';

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const verdictOf = ({ certificate }: Awaited<ReturnType<MovingServices['run']>>) =>
  certificate.kind === 'sound' ? certificate.certificate?.verdict : certificate.kind;

const observation = (id: string, subject: string) => ({
  resourceType: 'Observation',
  id,
  status: 'final',
  code: { text: 'pulse' },
  subject: { reference: `Patient/${subject}` },
});

/** Each pattern has services of its own: what is moved must not depend on what was there before. */
async function opened(): Promise<MovingServices> {
  const services = await startMovingServices();
  const { sourceUrl } = services;
  for (const id of ['a', 'b', 'c']) await put(sourceUrl, patientOf(id));
  await put(sourceUrl, patientOf('a', 'B'));
  await put(sourceUrl, observation('o', 'a'));
  await remove(sourceUrl, 'Patient/c');
  await nextSecond();
  return services;
}

const versionsIn = async (url: string, path: string): Promise<number> => {
  const answer = await fetch(`${url}/${path}_history?_summary=count`);
  return ((await answer.json()) as { readonly total: number }).total;
};

describe.each([
  { pattern: 'lift and shift', plan: { pattern: 'lift-and-shift' }, windows: 1, versions: 6 },
  { pattern: 'incremental', plan: { windowResources: 2 }, windows: undefined, versions: 6 },
  { pattern: 'by type', plan: { types: ['Patient'] }, windows: 1, versions: 5 },
  { pattern: 'without history', plan: { history: false }, windows: 1, versions: undefined },
  { pattern: 'without deletes', plan: { deletes: false }, windows: 1, versions: undefined },
  {
    pattern: 'current resources only',
    plan: { history: false, deletes: false },
    windows: 1,
    versions: 3,
  },
])('$pattern', ({ plan, windows, versions }) => {
  let services: MovingServices;
  beforeAll(async () => {
    services = await opened();
  }, 120_000);
  afterAll(() => services?.close());

  it('ends with both sides equal', async () => {
    const id = await services.start(plan);
    const moved = await services.run(id);
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    const planned = await services.store.windows.list(id);
    if (windows !== undefined) expect(planned).toHaveLength(windows);
    if (versions !== undefined) expect(await versionsIn(services.targetUrl, '')).toBe(versions);
  }, 90_000);
});

describe('by date range', () => {
  let services: MovingServices;
  beforeAll(async () => {
    services = await opened();
  }, 120_000);
  afterAll(() => services?.close());

  it('moves what was last updated in it, and nothing after', async () => {
    await pause(20);
    const till = new Date().toISOString();
    await pause(20);
    await put(services.sourceUrl, patientOf('after'));
    const moved = await services.run(await services.start({ till, from: '2020-01-01T00:00:00Z' }));
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    expect((await fetch(`${services.targetUrl}/Patient/a`)).status).toBe(200);
    expect((await fetch(`${services.targetUrl}/Patient/after`)).status).toBe(404);
  }, 90_000);
});

const rules = {
  fhirVersion: 'R4',
  fhirPathRules: [
    { path: 'Resource.meta', method: 'keep' },
    { path: 'Resource.id', method: 'cryptoHash' },
    { path: "nodesByType('Reference').reference", method: 'cryptoHash' },
    { path: 'Patient.name', method: 'redact' },
  ],
};

describe('de-identified', () => {
  let services: MovingServices;
  beforeAll(async () => {
    services = await opened();
    const { blobs } = services.deps;
    await blobs.ensureContainer('anonymization');
    const write = (name: string, config: object) =>
      blobs.write('anonymization', name, Buffer.from(JSON.stringify(config)));
    await write('keyed.json', { ...rules, parameters: { cryptoHashKey: 'a-test-key' } });
    await write('random.json', rules);
  }, 120_000);
  afterAll(() => services?.close());

  it('moves what the configuration leaves, and proves it against an export by the same one', async () => {
    const moved = await services.run(await services.start({ anonymizationConfig: 'keyed.json' }));
    expect([moved.state, verdictOf(moved)]).toEqual(['completed', 'equal']);
    const { certificate } = moved;
    expect(certificate.kind === 'sound' && certificate.certificate?.migration.deidentified).toBe(
      true,
    );
    expect((await fetch(`${services.targetUrl}/Patient/a`)).status).toBe(404);
    const all = await (await fetch(`${services.targetUrl}/Patient?_count=100`)).text();
    expect(all).not.toContain('family');
    expect(JSON.parse(all)).toMatchObject({ entry: [{}, {}] });
  }, 90_000);

  it('does not start with a configuration that gives other content each time, nor without one', async () => {
    const { deps } = services;
    for (const [name, why] of [
      ['random.json', /cryptoHash without cryptoHashKey/],
      ['none.json', /absent/],
    ] as const) {
      const id = await services.start({ anonymizationConfig: name });
      const { createMigrationActivities } = await import('../../../activities/migration/index.ts');
      const answer = await createMigrationActivities(deps).assess({ migrationId: id });
      expect(answer).toMatchObject({ kind: 'blocked', reason: expect.stringMatching(why) });
    }
  }, 60_000);
});
