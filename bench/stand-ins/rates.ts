import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { BenchError } from '../bench-error.ts';
import type { Row } from '../benchmark.ts';
import { bareInserts, startBareServer } from './bare.ts';
import { batchCall, readCall, sampleContacts, upsertCall } from './dataverse-calls.ts';
import { batchCalls, putCall, sampleResources } from './fhir-calls.ts';
import { type Call, callsPerSecond, send } from './http-load.ts';
import { startStandIn } from './stand-in.ts';

export interface Work {
  readonly folder: string;
  /** Calls of each kind. */
  readonly calls: number;
  readonly say: (line: string) => void;
}

/** Writes to a batch, as the product sends them. */
const batchSize = 100;

/** The calls of one stand-in, and the rows that its batches write. */
interface Contest {
  readonly title: string;
  readonly contentType: string;
  readonly reads: readonly Call[];
  readonly writes: readonly Call[];
  readonly batches: readonly Call[];
  readonly rows: readonly string[];
}

export async function fhirRates(work: Work): Promise<readonly Row[]> {
  work.say('FHIR: reads and writes');
  const fhir = await startStandIn('fhir', ['--data', join(work.folder, 'fhir-rates')]);
  try {
    const resources = sampleResources(work.calls, 1);
    const writes = resources.map((resource) => putCall(fhir.url, resource));
    const batched = sampleResources(work.calls * 2, 2);
    return await contest(work, {
      title: 'FHIR',
      contentType: 'application/fhir+json; charset=utf-8',
      reads: writes.map(({ url }) => ({ method: 'GET', url })),
      writes,
      batches: batchCalls(fhir.url, batched, batchSize),
      rows: batched.map((resource) => JSON.stringify(resource)),
    });
  } finally {
    await fhir.stop();
  }
}

export async function dataverseRates(work: Work): Promise<readonly Row[]> {
  work.say('Dataverse: reads and writes');
  const dataverse = await startStandIn('dataverse', ['--data', join(work.folder, 'dataverse')]);
  const base = `${dataverse.url}/api/data/v9.2`;
  try {
    const contacts = sampleContacts(work.calls, 1);
    const batched = sampleContacts(work.calls * 2, work.calls + 1);
    const batches = Array.from({ length: Math.ceil(batched.length / batchSize) }, (_, index) =>
      batchCall(base, batched.slice(index * batchSize, (index + 1) * batchSize)),
    );
    return await contest(work, {
      title: 'Dataverse',
      contentType: 'application/json; odata.metadata=minimal',
      reads: contacts.map((contact) => readCall(base, contact)),
      writes: contacts.map((contact) => upsertCall(base, contact)),
      batches,
      rows: batched.map(({ columns }) => JSON.stringify(columns)),
    });
  } finally {
    await dataverse.stop();
  }
}

async function contest(work: Work, one: Contest): Promise<readonly Row[]> {
  const [firstWrite, firstRead] = [one.writes[0], one.reads[0]];
  if (firstWrite === undefined || firstRead === undefined) throw new BenchError('nothing to call');
  const ours = {
    writes: await callsPerSecond(one.writes),
    reads: await callsPerSecond(one.reads),
    batches: await callsPerSecond(one.batches),
  };
  const folder = mkdtempSync(join(work.folder, 'bare-'));
  const bare = await startBareServer({
    folder,
    contentType: one.contentType,
    read: await send(firstRead),
    written: await send(firstWrite),
  });
  try {
    const toBare = (call: Call): Call => ({ ...call, url: bare.url + new URL(call.url).pathname });
    const reads = await callsPerSecond(one.reads.map(toBare));
    const writes = await callsPerSecond(one.writes.map(toBare));
    const inserts = bareInserts(folder, one.rows, batchSize);
    const row = { higherIsBetter: true };
    return [
      {
        ...row,
        case: `${one.title}: read one`,
        unit: 'calls/s',
        ours: Math.round(ours.reads),
        others: { 'bare server': Math.round(reads) },
      },
      {
        ...row,
        case: `${one.title}: write one`,
        unit: 'calls/s',
        ours: Math.round(ours.writes),
        others: { 'bare server': Math.round(writes) },
      },
      {
        ...row,
        case: `${one.title}: write ${batchSize} in a batch`,
        unit: 'rows/s',
        ours: Math.round(ours.batches * batchSize),
        others: { 'node:sqlite alone': Math.round(inserts) },
      },
    ];
  } finally {
    await bare.stop();
  }
}
