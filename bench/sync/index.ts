import process from 'node:process';
import { z } from 'zod';
import { feedSystem } from '../../local/run/feed-system.ts';
import { readOptions } from '../../local/run/options.ts';
import { startService } from '../../local/run/service-process.ts';
import { controlStatus, untilAtRest } from '../../local/run/state-of-rest.ts';
import { summarize } from '../../local/run/summary.ts';
import { startSystem } from '../../local/run/system.ts';
import { generatePatients, generateShared } from '../../local/seed/index.ts';
import { BenchError } from '../bench-error.ts';
import type { BenchOptions, Measurement, Row } from '../benchmark.ts';
import { packageVersion } from '../package-version.ts';
import { runScript, scriptName } from './bare-script.ts';

const fullSize = 60;
/** Of the size; the script would take long otherwise. */
const delayedPart = 1 / 6;
/** What a call over a network costs at the least, in milliseconds. */
const callDelay = 20;
const script = 'bare script';

interface Figures {
  readonly changes: number;
  readonly seconds: number;
  readonly rows: number;
  /** Calls per change. */
  readonly fhir: number;
  readonly dataverse: number;
}

/**
 * The whole product on one machine, fed with invented patients, beside a script
 * that does the bare work, one change at a time, on the same stand-ins.
 */
export async function run({ scale, say }: BenchOptions): Promise<Measurement> {
  const patients = Math.max(1, Math.round(fullSize * scale));
  const few = Math.max(1, Math.round(patients * delayedPart));
  const near = await compare({ patients, delay: 0, say });
  const far = await compare({ patients: few, delay: callDelay, say });
  return {
    versions: { node: process.versions.node, 'fhir-dataverse-sync': packageVersion('.') },
    rows: [...near.rows, ...far.rows],
    notes: [
      'From the first resource fed to the last row written, feeding included, all stand-ins on one machine.',
      near.told,
      far.told,
      'The product also decides consent, sends every identifier back to FHIR, drops the echoes, and records what became of each change;',
      'the script does none of that and loses its place when it is killed. Resources without a map are no changes here.',
    ],
  };
}

interface Comparison {
  readonly patients: number;
  /** Milliseconds that every call of FHIR and Dataverse takes longer. */
  readonly delay: number;
  readonly say: (line: string) => void;
}

async function compare({ patients, delay, say }: Comparison) {
  const ports = ['functions', 'fhir', 'dataverse', 'event-grid', 'blob', 'queue', 'table'];
  const options = readOptions(
    ['--patients', String(patients), ...ports.flatMap((port) => [`--${port}-port`, '0'])],
    {},
  );
  const title = delay === 0 ? `${patients} patients` : `${patients} patients, ${delay} ms a call`;
  say(`${title}: the product`);
  const product = await runProduct(options, delay);
  say(`${title}: the bare script`);
  const bare = await runBare(options, delay);
  const row = (unit: string, higherIsBetter: boolean, of: (figures: Figures) => number): Row => ({
    case: title,
    unit,
    higherIsBetter,
    ours: rounded(of(product)),
    others: { [script]: rounded(of(bare)) },
  });
  return {
    rows: [
      row('changes/s', true, ({ changes, seconds }) => changes / seconds),
      row('FHIR calls per change', false, ({ fhir }) => fhir),
      row('Dataverse calls per change', false, ({ dataverse }) => dataverse),
    ],
    told: `${title}: product ${told(product)}; script ${told(bare)}.`,
  };
}

/** Makes every call of a stand-in slower, as a network does. */
async function slowDown(url: string, delayMs: number): Promise<void> {
  if (delayMs === 0) return;
  const response = await fetch(`${new URL(url).origin}/_control/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify([{ delayMs, times: 10_000_000 }]),
  });
  if (!response.ok) throw new BenchError(`${url} did not take the delay: ${response.status}`);
}

type Options = ReturnType<typeof readOptions>;

async function runProduct(options: Options, delay: number): Promise<Figures> {
  const system = await startSystem({
    ...options,
    onWait: () => undefined,
    onUnexpectedEnd: (name, complaint) => {
      throw new BenchError(`${name} ended: ${complaint}`);
    },
  });
  try {
    await slowDown(system.fhirUrl, delay);
    await slowDown(system.dataverseUrl, delay);
    const began = performance.now();
    const fed = await feedSystem(options, system.fhirUrl, () => undefined);
    const status = await untilAtRest(system);
    const seconds = (performance.now() - began) / 1_000;
    const { callsPerChange, countsClose, rows } = await summarize(system, {
      status,
      fed: fed.sent,
      feedFailures: fed.failures,
      seconds,
    });
    if (!countsClose) throw new BenchError('the counts of the product do not close');
    const changes = status.received - status.outcomes.skipped;
    return { changes, seconds, rows: sum(rows), ...callsPerChange };
  } finally {
    await system.stop();
  }
}

const callsSchema = z.looseObject({
  calls: z.record(z.string(), z.number()),
  rows: z.record(z.string(), z.number()).optional(),
});

async function runBare(options: Options, delay: number): Promise<Figures> {
  const start = (name: string, args: readonly string[]) =>
    startService({
      name,
      main: `${name}/main.ts`,
      args: ['--port', '0', ...args],
      onUnexpectedEnd: (complaint) => {
        throw new BenchError(`${name} ended: ${complaint}`);
      },
    });
  const [fhir, dataverse] = await Promise.all([
    start('fhir', []),
    start('dataverse', ['--extend', 'infra/dataverse/tables.json']),
  ]);
  try {
    await slowDown(fhir.url, delay);
    await slowDown(dataverse.url, delay);
    const began = performance.now();
    await feedSystem(options, fhir.url, () => undefined);
    const { written, unwritten } = await runScript({
      fhirUrl: fhir.url,
      dataverseUrl: `${dataverse.url}/api/data/v9.2`,
      pack: options.pack,
      references: referencesOf(options),
    });
    const seconds = (performance.now() - began) / 1_000;
    if (written === 0) throw new BenchError('the script wrote nothing');
    const changes = written + unwritten;
    const { calls: fhirCalls } = callsSchema.parse(await controlStatus(fhir.url));
    const status = callsSchema.parse(await controlStatus(dataverse.url));
    return {
      changes,
      seconds,
      rows: sum(status.rows ?? {}),
      fhir: (fhirCalls[scriptName] ?? 0) / changes,
      dataverse: (status.calls[scriptName] ?? 0) / changes,
    };
  } finally {
    await Promise.all([fhir.stop(), dataverse.stop()]);
  }
}

function referencesOf({ patients, seedNumber: seed }: Options) {
  const clinical = [...generatePatients({ patients, seed })].flatMap(({ resources }) => resources);
  return [...generateShared(seed), ...clinical];
}

const sum = (counts: Readonly<Record<string, number>>): number =>
  Object.values(counts).reduce((total, count) => total + count, 0);

const told = ({ changes, seconds, rows }: Figures): string =>
  `${changes} changes, ${rows} rows, ${rounded(seconds)} s`;

const rounded = (value: number): number => Math.round(value * 1_000) / 1_000;
