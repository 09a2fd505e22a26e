import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { BenchOptions, Measurement, Row } from '../benchmark.ts';
import { packageVersion } from '../package-version.ts';
import { batchCosts } from './batch-cost.ts';
import { closeConnections } from './http-load.ts';
import { measureStore, type StoreFigures } from './large-store.ts';
import { dataverseRates, fhirRates } from './rates.ts';

const fullCalls = 20_000;
const fullResources = 100_000;
const smallPart = 1 / 10;

/**
 * How fast the stand-ins of FHIR and Dataverse are beside the least that could
 * answer, and what the searches of the product cost in a large FHIR store.
 */
export async function run({ scale, resources, say }: BenchOptions): Promise<Measurement> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-stand-ins-'));
  const calls = Math.max(200, Math.round(fullCalls * Math.min(scale, 1)));
  const size = resources ?? Math.max(1_000, Math.round(fullResources * scale));
  try {
    const work = { folder, calls, say };
    const rates = [
      ...(await fhirRates(work)),
      ...(await batchCosts(work)),
      ...(await dataverseRates(work)),
    ];
    say(`FHIR: ${size} resources on disk`);
    const large = await measureStore({ folder, resources: size, say });
    const small = await measureStore({ folder, resources: Math.round(size * smallPart), say });
    return {
      versions: { node: process.versions.node, 'fhir-dataverse-sync': packageVersion('.') },
      rows: [...rates, ...storeRows(large, small)],
      notes: [
        `Reads and writes: ${calls} calls over eight connections, every stand-in a process of its own with its state on disk.`,
        'bare server: node:http answering the same bytes, one INSERT into node:sqlite per write; it checks, indexes and versions nothing.',
        'node:sqlite alone: the same rows inserted in this process, as many to a transaction, without any HTTP.',
        'Processor time: of all threads of the stand-in, with HTTP, checks and garbage; beside it node:sqlite writes the same rows into the same tables and indexes, knowing them beforehand.',
        `Searches: one after another in a store of ${large.resources} resources, beside one of ${small.resources}.`,
      ],
    };
  } finally {
    closeConnections();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function storeRows(large: StoreFigures, small: StoreFigures): readonly Row[] {
  const beside = `with ${small.resources}`;
  const title = `FHIR with ${large.resources}`;
  const row = (
    what: string,
    unit: string,
    of: (figures: StoreFigures) => number | undefined,
  ): readonly Row[] => {
    const [ours, other] = [of(large), of(small)];
    if (ours === undefined || other === undefined) return [];
    const higherIsBetter = unit.endsWith('/s');
    const others = { [beside]: rounded(other) };
    return [{ case: `${title}: ${what}`, unit, higherIsBetter, ours: rounded(ours), others }];
  };
  return [
    ...row('load', 'resources/s', ({ loadPerSecond }) => loadPerSecond),
    ...row('database', 'MB', ({ megabytes }) => megabytes),
    ...row('resident memory', 'MB', ({ residentMegabytes }) => residentMegabytes),
    ...[...large.searches.keys()].flatMap((name) => [
      ...row(name, 'ms p50', ({ searches }) => searches.get(name)?.p50),
      ...row(name, 'ms p99', ({ searches }) => searches.get(name)?.p99),
    ]),
  ];
}

const rounded = (value: number): number => Math.round(value * 100) / 100;
