import { join } from 'node:path';
import type { Row } from '../benchmark.ts';
import { bareRepeat } from './bare-repeat.ts';
import { batchCalls, sampleResources, smallObservations } from './fhir-calls.ts';
import { callsPerSecond, send } from './http-load.ts';
import type { Work } from './rates.ts';
import { processorSeconds, startStandIn } from './stand-in.ts';

/** A hundred is what the product sends, five hundred the most that a bundle may hold. */
const sizes = [100, 500];

/**
 * What a resource in a bundle costs in processor time, which other work on the
 * machine moves less than the clock on the wall; none where the system does not tell.
 */
export async function batchCosts(work: Work): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (const size of sizes) {
    const mixed = { size, what: 'resources', sample: sampleResources };
    const small = { size, what: 'small Observations', sample: smallObservations };
    rows.push(...(await batchCost(work, mixed)), ...(await batchCost(work, small)));
  }
  return rows;
}

interface Bundles {
  /** Entries in each. */
  readonly size: number;
  readonly what: string;
  readonly sample: typeof sampleResources;
}

async function batchCost(work: Work, { size, what, sample }: Bundles): Promise<readonly Row[]> {
  work.say(`FHIR: bundles of ${size} ${what}`);
  const data = join(work.folder, `bundles-${size}-${what.length}`);
  const fhir = await startStandIn('fhir', ['--data', data]);
  try {
    const warming = batchCalls(fhir.url, sample(work.calls, 1), size);
    await callsPerSecond(warming);
    const resources = sample(work.calls * 2, 2);
    const before = processorSeconds(fhir.processId);
    for (const call of batchCalls(fhir.url, resources, size)) await send(call);
    const after = processorSeconds(fhir.processId);
    if (before === undefined || after === undefined) return [];
    // A search brings the index tables up to date, which are read next.
    await send({ method: 'GET', url: `${fhir.url}/Patient?identifier=none` });
    const target = join(work.folder, `repeat-${size}-${what.length}.sqlite`);
    const repeated = bareRepeat(join(data, 'fhir.sqlite'), target, size);
    return [
      {
        case: `FHIR: write ${size} ${what} in a bundle`,
        unit: 'rows/s of processor time',
        higherIsBetter: true,
        ours: Math.round(resources.length / (after - before)),
        others: { 'node:sqlite, the same tables and indexes': Math.round(repeated) },
      },
    ];
  } finally {
    await fhir.stop();
  }
}
