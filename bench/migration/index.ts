import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { BenchOptions, Measurement, Row } from '../benchmark.ts';
import { packageVersion } from '../package-version.ts';
import { bareJobs, inSystem } from './moving-system.ts';
import { idealPipeline, type MigrationFigures, ourMigration } from './our-migration.ts';

const defaultResources = 100_000;
const pipelineWindows = 10;
const bare = 'one bare export and import';
const ideal = 'ideal two-stage pipeline';

/**
 * A whole service moved by the product, beside the stand-ins' own time for one bare export and one
 * bare import of the same versions: once as one window, once as ten that overlap.
 */
export async function run({ scale, resources, say }: BenchOptions): Promise<Measurement> {
  const size = resources ?? Math.max(1_000, Math.round(defaultResources * scale));
  const folder = await mkdtemp(join(tmpdir(), 'fds-bench-'));
  try {
    const alone = await inSystem({ folder, name: 'one', resources: size }, async (system) => {
      say(`${size} resources: bare export and import`);
      const jobs = await bareJobs(system, { folder });
      say(`bare: export ${told(jobs.exporting)}, import ${told(jobs.importing)}`);
      const ours = await ourMigration(system, { windowResources: 1_000_000_000, resources: size });
      say(`ours, one window: ${told(ours.seconds)}`);
      return { jobs, ours };
    });
    const piped = await inSystem({ folder, name: 'many', resources: size }, (system) =>
      ourMigration(system, {
        windowResources: Math.ceil(size / pipelineWindows),
        resources: size,
      }),
    );
    say(`ours, ${piped.windows} windows: ${told(piped.seconds)}`);
    return measurement(size, alone, piped);
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Alone {
  readonly jobs: { readonly exporting: number; readonly importing: number };
  readonly ours: MigrationFigures;
}

function measurement(size: number, { jobs, ours }: Alone, piped: MigrationFigures): Measurement {
  const rate = (seconds: number) => Math.round(size / seconds);
  const bareSeconds = jobs.exporting + jobs.importing;
  const memory = (megabytes: number | undefined, of: string): readonly Row[] =>
    megabytes === undefined
      ? []
      : [
          {
            case: `most memory of the Functions host, ${of}`,
            unit: 'MB',
            higherIsBetter: false,
            ours: megabytes,
            others: {},
          },
        ];
  const rows: readonly Row[] = [
    {
      case: `${size} versions, one window`,
      unit: 'versions/s',
      higherIsBetter: true,
      ours: rate(ours.seconds),
      others: { [bare]: rate(bareSeconds) },
    },
    {
      case: `${size} versions, ${piped.windows} windows`,
      unit: 'versions/s',
      higherIsBetter: true,
      ours: rate(piped.seconds),
      others: { [bare]: rate(bareSeconds), [ideal]: rate(idealPipeline(piped.jobs)) },
    },
    ...memory(ours.megabytes, 'one window'),
    ...memory(piped.megabytes, `${piped.windows} windows`),
  ];
  return {
    versions: { node: process.versions.node, 'fhir-dataverse-sync': packageVersion('.') },
    rows,
    notes: [
      `Bare: export ${told(jobs.exporting)}, import ${told(jobs.importing)}. Ours: ${told(ours.seconds)} in one window, ${told(piped.seconds)} in ${piped.windows}.`,
      `Memory is resident memory, the app itself included: idle it takes ${ours.idleMegabytes ?? '?'} MB.`,
      'Ours reads every line once before it is imported (traps, books) and keeps checkpoints; the bare jobs do not. No proof in these figures: see the benchmark verify.',
      "The ideal pipeline is made of this run's own job times: the first export, then each import beside the next export.",
    ],
  };
}

const told = (seconds: number): string => `${seconds.toFixed(1)} s`;
