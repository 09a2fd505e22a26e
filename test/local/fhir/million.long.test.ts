import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type Answer, type Door, newFolder, serve } from './running-service.ts';

// Issue: "One million resources on disk (SQLite) without trouble: searches used by the product
// are indexed." Nothing here is timed. A search starts with an empty page cache, and Linux counts
// the bytes that it makes the process read: with an index they hardly grow with the store.

const io = '/proc/self/io';
const perPatient = 10;
const patientsPerBundle = 50;

const text = (resource: object) => JSON.stringify(resource);
const day = (number: number) => `2024-01-${String((number % 28) + 1).padStart(2, '0')}`;

/** A patient, its consent and eight observations, as the entries of a bundle. */
function chart(number: number): readonly string[] {
  const reference = `Patient/p${number}`;
  const identifier = [{ system: 'urn:mrn', value: `m${number}` }];
  const observations = Array.from({ length: perPatient - 2 }, (_, index) => ({
    ...{ resourceType: 'Observation', id: `o${number}-${index}`, status: 'final' },
    code: { coding: [{ system: 'urn:codes', code: `c${index}` }] },
    subject: { reference },
    effectiveDateTime: day(number + index),
  }));
  return [
    { resourceType: 'Patient', id: `p${number}`, identifier },
    { resourceType: 'Consent', id: `c${number}`, status: 'active', patient: { reference } },
    ...observations,
  ].map((resource) => {
    const request = text({ method: 'PUT', url: `${resource.resourceType}/${resource.id}` });
    return `{"resource":${text(resource)},"request":${request}}`;
  });
}

interface Store {
  readonly folder: string;
  readonly patients: number;
  /** When its last tenth was about to be written. */
  readonly late: string;
}

async function load(patients: number): Promise<Store> {
  const folder = newFolder();
  const service = await serve({ dataFolder: folder, validateWrites: false });
  let late = '';
  for (let start = 0; start < patients; start += patientsPerBundle) {
    if (late === '' && start >= patients * 0.9) late = new Date().toISOString();
    const entries = Array.from({ length: patientsPerBundle }, (_, index) => chart(start + index));
    const body = `{"resourceType":"Bundle","type":"batch","entry":[${entries.flat().join(',')}]}`;
    const { status, json } = await service.call('POST', '/', body, { prefer: 'return=minimal' });
    expect(status).toBe(200);
    const refused = json.entry!.filter(({ response }) => response!.status !== '201');
    expect(refused).toEqual([]);
  }
  await service.close();
  return { folder, patients, late };
}

interface Search {
  readonly path: (store: Store) => string;
  /** Matches in all pages together. */
  readonly matches: (store: Store) => number;
}

const middle = ({ patients }: Store) => Math.floor(patients / 2);
const window = '_lastUpdated=ge2020-01-01&_lastUpdated=lt2100-01-01';
const since = ({ late }: Store) => encodeURIComponent(late);

/** What the product sends; at most 100 matches to a page, two pages of each. */
const searches: Readonly<Record<string, Search>> = {
  'by id': {
    path: (store) => `/Patient?_id=p1,p${middle(store)},p${store.patients - 1},nobody`,
    matches: () => 3,
  },
  'by identifier': {
    path: (store) => `/Patient?identifier=urn:mrn|m${middle(store)}`,
    matches: () => 1,
  },
  'by reference and type': {
    path: (store) => `/Observation?patient=Patient/p${middle(store)}&_elements=id`,
    matches: () => perPatient - 2,
  },
  'consents of patients': {
    path: (store) => `/Consent?patient=Patient/p1,Patient/p${middle(store)}&status=active`,
    matches: () => 2,
  },
  'last updated, in order, in pages': {
    path: (store) => `/Observation?_lastUpdated=ge${since(store)}&_sort=_lastUpdated&_count=30`,
    matches: () => 60,
  },
  'oldest of all types': { path: () => '/?_sort=_lastUpdated&_count=1', matches: () => 2 },
  'latest of a type': { path: () => '/Patient?_sort=-_lastUpdated&_count=1', matches: () => 2 },
  compartment: { path: (store) => `/Patient/p${middle(store)}/*`, matches: () => perPatient - 1 },
  everything: {
    path: (store) => `/Patient/p${middle(store)}/$everything`,
    matches: () => perPatient,
  },
  'history since': {
    path: (store) => `/_history?_since=${since(store)}&_count=30`,
    matches: () => 60,
  },
  'history of a type since': {
    path: (store) => `/Patient/_history?_since=${since(store)}&_count=30`,
    matches: () => 60,
  },
  'history of one': { path: (store) => `/Patient/p${middle(store)}/_history`, matches: () => 1 },
};

/** Counts have to walk an index along all they count; they must not touch the resources. */
const counts: Readonly<Record<string, Search>> = {
  'of a type': { path: () => '/Patient?_summary=count', matches: ({ patients }) => patients },
  'of a type in a window': {
    path: () => `/?_type=Observation&${window}&_summary=count`,
    matches: ({ patients }) => patients * (perPatient - 2),
  },
  'of the history in a window': {
    path: () => '/_history?_since=2020-01-01&_before=2100-01-01&_summary=count',
    matches: ({ patients }) => patients * perPatient,
  },
};

/** Bytes of the index over types for one resource, and a third more. */
const indexBytes = 24;
/** What a few steps from the root of a tree to its leaves come to, and the answer itself. */
const fewPages = 64 * 1024;

interface Visit {
  readonly matches: number;
  /** Bytes that the search made the process read. */
  readonly bytes: number;
}

async function visit(store: Store, search: Search): Promise<Visit> {
  const service = await serve({ dataFolder: store.folder });
  const before = bytesRead();
  const first = await service.call('GET', search.path(store));
  const second = await nextPage(service, first);
  const bytes = bytesRead() - before;
  await service.close();
  return { matches: found(first) + found(second), bytes };
}

function found(answer: Answer | undefined): number {
  if (answer === undefined) return 0;
  expect([answer.status, answer.json.issue]).toEqual([200, undefined]);
  return answer.json.entry?.length ?? answer.json.total ?? 0;
}

async function nextPage(service: Door, { json }: Answer): Promise<Answer | undefined> {
  const next = json.link?.find(({ relation }) => relation === 'next');
  if (next === undefined) return undefined;
  const { pathname, search } = new URL(next.url);
  return service.call('GET', pathname + search);
}

function bytesRead(): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(io, 'utf8'))![1]);
}

test.skipIf(!existsSync(io))(
  'a million resources make no search of the product read more than ten thousand do',
  async () => {
    const small = await load(1_000);
    const large = await load(100_000);
    // What is loaded once in a process is not to be counted.
    for (const search of Object.values({ ...searches, ...counts })) await visit(small, search);
    const told: Record<string, unknown> = {};
    for (const [name, search] of Object.entries(searches)) {
      const [few, many] = [await visit(small, search), await visit(large, search)];
      told[name] = [few.bytes, many.bytes];
      expect([name, many.matches]).toEqual([name, search.matches(large)]);
      expect([name, few.matches]).toEqual([name, search.matches(small)]);
      expect(many.bytes, name).toBeLessThan(2 * few.bytes + fewPages);
    }
    for (const [name, search] of Object.entries(counts)) {
      const { matches, bytes } = await visit(large, search);
      told[name] = [matches, bytes];
      expect([name, matches]).toEqual([name, search.matches(large)]);
      expect(bytes, name).toBeLessThan(indexBytes * matches + fewPages);
    }
    // A search that no index can help shows that the measure sees it.
    const unaided: Search = { path: () => '/Patient?identifier:missing=true', matches: () => 0 };
    const { bytes } = await visit(large, unaided);
    told.unaided = bytes;
    if (process.env['TELL']) console.log(told);
    expect(bytes).toBeGreaterThan(20 * fewPages);
  },
  600_000,
);
