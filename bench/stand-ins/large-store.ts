import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { ServiceProcess } from '../../local/run/service-process.ts';
import { feed, generatePatients, generateShared } from '../../local/seed/index.ts';
import { BenchError } from '../bench-error.ts';
import { type Call, type Latency, latencyOf } from './http-load.ts';
import { residentMegabytes, startStandIn } from './stand-in.ts';

export interface StoreFigures {
  readonly resources: number;
  readonly loadPerSecond: number;
  readonly megabytes: number;
  readonly residentMegabytes: number | undefined;
  readonly searches: ReadonlyMap<string, Latency>;
}

export interface StoreOptions {
  readonly folder: string;
  readonly resources: number;
  readonly say: (line: string) => void;
}

const seed = 20_260_101;

/** Loads a FHIR stand-in on disk and times every search that the product sends. */
export async function measureStore(options: StoreOptions): Promise<StoreFigures> {
  const data = join(options.folder, `store-${options.resources}`);
  const fhir = await startStandIn('fhir', ['--data', data]);
  try {
    const { patients, perSecond } = await load(fhir, options);
    const searches = new Map<string, Latency>();
    for (const [title, calls] of productSearches(fhir.url, patients)) {
      searches.set(title, await latencyOf(calls));
      options.say(`${title}: ${JSON.stringify(searches.get(title))}`);
    }
    return {
      resources: options.resources,
      loadPerSecond: perSecond,
      megabytes: folderBytes(data) / 1e6,
      residentMegabytes: residentMegabytes(fhir.processId),
      searches,
    };
  } finally {
    await fhir.stop();
  }
}

async function load({ url }: ServiceProcess, { resources, say }: StoreOptions) {
  const patients: SamplePatient[] = [];
  let told = 0;
  const began = performance.now();
  const { sent, failures } = await feed({
    fhirUrl: url,
    resources: first(resources, sampleStore(resources, patients)),
    batchSize: 200,
    onProgress: ({ sent: done }) => {
      if (done - told < 50_000) return;
      told = done;
      say(`${done} resources after ${Math.round((performance.now() - began) / 1_000)} s`);
    },
  });
  const perSecond = (sent * 1_000) / (performance.now() - began);
  if (failures[0] !== undefined || sent !== resources) {
    throw new BenchError(`${sent} of ${resources} resources sent, ${failures.length} refused`);
  }
  return { patients, perSecond };
}

interface SamplePatient {
  readonly id: string;
  /** As an identifier search takes it. */
  readonly identifier: string;
}

/** Endless for our purpose; notes the patients it hands out. */
function* sampleStore(size: number, patients: SamplePatient[]) {
  yield* generateShared(seed);
  for (const { resources } of generatePatients({ patients: size, seed })) {
    for (const resource of resources) {
      const patient = patientSchema.safeParse(resource);
      if (patient.success) patients.push(samplePatient(patient.data));
      yield resource;
    }
  }
}

const patientSchema = z.looseObject({
  resourceType: z.literal('Patient'),
  id: z.string(),
  identifier: z.array(z.looseObject({ system: z.string(), value: z.string() })).min(1),
});

function samplePatient({ id, identifier }: z.infer<typeof patientSchema>): SamplePatient {
  const [first] = identifier;
  return { id, identifier: encodeURIComponent(`${first?.system}|${first?.value}`) };
}

function* first<T>(count: number, items: Iterable<T>): Generator<T, void> {
  let left = count;
  for (const item of items) {
    if (left <= 0) return;
    left -= 1;
    yield item;
  }
}

const rounds = 200;

/** By title; each call asks for other patients than the one before, so that caches do not flatter. */
function productSearches(
  base: string,
  patients: readonly SamplePatient[],
): ReadonlyMap<string, readonly Call[]> {
  const patient = (index: number) => patients[(index * 7_919) % patients.length];
  const pick = (index: number) => patient(index)?.id ?? '';
  const some = (index: number, count: number) =>
    Array.from({ length: count }, (_, offset) => pick(index * count + offset));
  const calls = (path: (index: number) => string, times = rounds): readonly Call[] =>
    Array.from({ length: times }, (_, index) => ({ method: 'GET', url: base + path(index) }));
  const window = '_lastUpdated=ge2000-01-01&_lastUpdated=lt2100-01-01';
  const recent = encodeURIComponent(new Date(Date.now() - 5_000).toISOString());
  const consents = (index: number) =>
    some(index, 20)
      .map((id) => `Patient/${id}`)
      .join(',');
  return new Map([
    ['read one', calls((index) => `/Patient/${pick(index)}`)],
    ['_id of 50', calls((index) => `/Patient?_id=${some(index, 50)}&_count=50`)],
    [
      'Consent of 20 patients',
      calls((index) => `/Consent?patient=${consents(index)}&status=active&_count=200`),
    ],
    [
      'Observations of a patient',
      calls((index) => `/Observation?patient=Patient/${pick(index)}&_elements=id&_count=1000`),
    ],
    ['compartment of a patient', calls((index) => `/Patient/${pick(index)}/*?_count=100`)],
    ['identifier', calls((index) => `/Patient?identifier=${patient(index)?.identifier}`)],
    ['history of one', calls((index) => `/Patient/${pick(index)}/_history`)],
    ['newest 100 of the history', calls(() => `/_history?_since=${recent}&_count=100`)],
    ['oldest resource', calls(() => '/?_sort=_lastUpdated&_count=1', 50)],
    ['count of a type', calls(() => '/Patient?_summary=count', 50)],
    [
      'count of a type in a window',
      calls(() => `/?_type=Observation&${window}&_summary=count`, 20),
    ],
    ['count of all in a window', calls(() => `/?${window}&_summary=count`, 20)],
    [
      'count of the history in a window',
      calls(() => '/_history?_since=2000-01-01&_summary=count', 20),
    ],
  ]);
}

function folderBytes(folder: string): number {
  return readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
