import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { BenchOptions, Measurement, Row } from '../benchmark.ts';
import { median } from '../median.ts';
import { packageVersion } from '../package-version.ts';
import { bareJobs, inSystem, type MovingSystem } from './moving-system.ts';
import { idealPipeline, type MigrationFigures, ourMigration } from './our-migration.ts';

const defaultResources = 100_000;
/** Each window costs a fixed time: they are not made smaller than this. */
const leastWindow = 25_000;
const mostWindows = 10;
/** Larger sizes take many minutes a round, and vary less. */
const repeated = 200_000;
const bare = 'one bare export and import';
const itself = "the services' own time for the same jobs";
const ideal = 'ideal two-stage pipeline';

/**
 * A whole service moved by the product, beside the stand-ins' own time for one bare export and one
 * bare import of the same versions: as one window, and as several that overlap. Each on a system of
 * its own, on which the bare jobs run as well, before it or after it in turns; medians over the
 * rounds. Since the same job takes up to half longer from one minute to the next, one window is also
 * held against what the services themselves worked for it, by their own records.
 */
export async function run({ scale, resources, say }: BenchOptions): Promise<Measurement> {
  const size = resources ?? Math.max(1_000, Math.round(defaultResources * scale));
  const rounds = size > repeated ? 1 : 3;
  const several = Math.max(leastWindow, Math.ceil(size / mostWindows));
  const windowResources = Math.min(several, Math.ceil(size / 2));
  const folder = await mkdtemp(join(tmpdir(), 'fds-bench-'));
  const pairs: Record<Way, Pair[]> = { one: [], many: [] };
  try {
    for (let round = 1; round <= rounds; round += 1) {
      for (const [way, limit] of [
        ['one', 1_000_000_000],
        ['many', windowResources],
      ] as const) {
        const place = { folder, name: `${way}-${round}`, resources: size };
        const pair = await measured(place, { windowResources: limit, oursFirst: round % 2 === 0 });
        pairs[way].push(pair);
        say(`round ${round} of ${rounds}, ${toldPair(pair)}`);
      }
    }
    return measurement(size, pairs);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

type Way = 'one' | 'many';

interface Pair {
  readonly jobs: { readonly exporting: number; readonly importing: number };
  readonly ours: MigrationFigures;
}

interface Order {
  readonly windowResources: number;
  readonly oursFirst: boolean;
}

function measured(place: MovingSystem, { windowResources, oursFirst }: Order): Promise<Pair> {
  return inSystem(place, async (system) => {
    const plan = { windowResources, resources: place.resources };
    const before = oursFirst ? await ourMigration(system, plan) : undefined;
    const jobs = await bareJobs(system, { folder: join(place.folder, place.name) });
    return { jobs, ours: before ?? (await ourMigration(system, plan)) };
  });
}

function measurement(size: number, { one, many }: Readonly<Record<Way, readonly Pair[]>>) {
  const rate = (seconds: number) => Math.round(size / seconds);
  const oursOf = (pairs: readonly Pair[]) => median(pairs.map(({ ours }) => ours.seconds));
  const bareSeconds = median([...one, ...many].map(bareSecondsOf));
  const windows = Math.max(...many.map(({ ours }) => ours.windows));
  const speed = { unit: 'versions/s', higherIsBetter: true };
  const idealSeconds = median(many.map(({ ours }) => idealPipeline(ours.jobs)));
  const rows: readonly Row[] = [
    {
      ...{ case: `${size} versions, one window`, ...speed },
      ours: rate(oursOf(one)),
      others: { [bare]: rate(bareSeconds), [itself]: rate(median(one.map(servicesSecondsOf))) },
    },
    {
      ...{ case: `${size} versions, ${windows} windows`, ...speed },
      ours: rate(oursOf(many)),
      others: { [bare]: rate(bareSeconds), [ideal]: rate(idealSeconds) },
    },
    ...memory(one, 'one window'),
    ...memory(many, `${windows} windows`),
  ];
  return {
    versions: { node: process.versions.node, 'fhir-dataverse-sync': packageVersion('.') },
    rows,
    notes: [
      ...[...one, ...many].map(toldPair),
      'Memory is resident memory, the app itself included; the most of all rounds.',
      'Ours reads every line once before it is imported (traps, books) and keeps checkpoints; the bare jobs do not. No proof in these figures: see the benchmark verify.',
      "The ideal pipeline is made of this run's own job times: the first export, then each import beside the next export.",
    ],
  };
}

function memory(pairs: readonly Pair[], of: string): readonly Row[] {
  const most = Math.max(...pairs.map(({ ours }) => ours.megabytes ?? 0));
  if (most === 0) return [];
  const measure = { unit: 'MB', higherIsBetter: false, ours: most, others: {} };
  return [{ case: `most memory of the Functions host, ${of}`, ...measure }];
}

const servicesSecondsOf = ({ ours: { services } }: Pair): number =>
  services.exporting + services.importing;

const bareSecondsOf = ({ jobs }: Pair): number => jobs.exporting + jobs.importing;

function toldPair(pair: Pair): string {
  const { jobs, ours } = pair;
  const of = ours.windows === 1 ? 'one window' : `${ours.windows} windows`;
  const against = `bare ${told(jobs.exporting)} + ${told(jobs.importing)}`;
  const { exporting, importing } = ours.services;
  const itself = `its own jobs worked ${told(exporting)} + ${told(importing)}`;
  return `${of}: ${told(ours.seconds)} against ${against} (${more(pair, bareSecondsOf)}); ${itself} (${more(pair, servicesSecondsOf)})`;
}

function more(pair: Pair, than: (pair: Pair) => number): string {
  const share = (pair.ours.seconds / than(pair) - 1) * 100;
  return `${share < 0 ? '' : '+'}${share.toFixed(1)} %`;
}

const told = (seconds: number): string => `${seconds.toFixed(1)} s`;
