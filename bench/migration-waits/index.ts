import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { migrationPlan } from '../../shared/migration/index.ts';
import type { BenchOptions, Measurement } from '../benchmark.ts';
import { bareJobs, inSystem } from '../migration/moving-system.ts';
import { idealPipeline, type MigrationFigures, ourMigration } from '../migration/our-migration.ts';
import { packageVersion } from '../package-version.ts';

const defaultResources = 10_000;
const pipelineWindows = 3;
const { pollSeconds } = migrationPlan.parse({});

/**
 * A service moved in one window, and in a few that overlap, beside one bare export and import of the
 * same versions, where jobs wait as they do on Azure: up to a minute until one is picked up, 15
 * seconds until an export that has ended says so (facts/migration.md §2.1, §2.2). Looks are paced as
 * by default.
 */
export async function run({ scale, resources, say }: BenchOptions): Promise<Measurement> {
  const size = resources ?? Math.max(1_000, Math.round(defaultResources * scale));
  const folder = await mkdtemp(join(tmpdir(), 'fds-bench-'));
  const moving = { folder, resources: size, timeScale: 1 };
  const plan = { resources: size, pollSeconds };
  try {
    say(`${size} resources, with the waits of Azure: this takes about twelve minutes`);
    const alone = await inSystem({ ...moving, name: 'one' }, async (system) => {
      const { exporting, importing } = await bareJobs(system, moving);
      say(`bare: export ${told(exporting)}, import ${told(importing)}`);
      const ours = await ourMigration(system, { ...plan, windowResources: 1_000_000_000 });
      say(`ours, one window: ${told(ours.seconds)}; the services for its jobs: ${told(own(ours))}`);
      return { bare: exporting + importing, ours };
    });
    const windowResources = Math.ceil(size / pipelineWindows);
    const piped = await inSystem({ ...moving, name: 'many' }, (system) =>
      ourMigration(system, { ...plan, windowResources }),
    );
    return measurement(size, { ...alone, piped });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

interface Figures {
  /** Seconds of both bare jobs. */
  readonly bare: number;
  readonly ours: MigrationFigures;
  readonly piped: MigrationFigures;
}

function measurement(size: number, { bare, ours, piped }: Figures): Measurement {
  const seconds = { unit: 's', higherIsBetter: false };
  return {
    versions: { node: process.versions.node, 'fhir-dataverse-sync': packageVersion('.') },
    rows: [
      {
        ...{ case: `${size} versions, one window, services wait as on Azure`, ...seconds },
        ...{ ours: rounded(ours.seconds), others: { [bareName]: rounded(bare) } },
      },
      {
        ...{ case: `${size} versions, one window, beside its own jobs`, ...seconds },
        ...{ ours: rounded(ours.seconds), others: { [ownName]: rounded(own(ours)) } },
      },
      {
        ...{ case: `${size} versions, ${piped.windows} windows`, ...seconds },
        ...{
          ours: rounded(piped.seconds),
          others: { [ideal]: rounded(idealPipeline(piped.jobs)) },
        },
      },
    ],
    notes: [
      'The waits are those of the stand-ins at bulk time scale 1; how fast a real service works is not in them.',
      'The services for the same jobs: from the kick-off to the end by their own records, and 15 seconds until an export says so.',
      `Most resident memory of the Functions host: ${ours.megabytes} MB in one window, ${piped.megabytes} MB in ${piped.windows}.`,
      `Jobs in one window: ${toldJobs(ours)}. In ${piped.windows}: ${toldJobs(piped)}.`,
      "The ideal pipeline is made of this run's own job times: the first export, then each import beside the next export.",
    ],
  };
}

/** Until an export that has ended says so (facts/migration.md §2.1). */
const quietSeconds = 15;

const own = ({ services, windows }: MigrationFigures): number =>
  services.exporting + quietSeconds * windows + services.importing;

const ownName = 'the services for the same jobs';
const bareName = 'one bare export and import';
const ideal = 'ideal two-stage pipeline';
const told = (seconds: number): string => `${seconds.toFixed(1)} s`;
const rounded = (seconds: number): number => Number(seconds.toFixed(1));
const toldJobs = ({ jobs }: MigrationFigures): string =>
  jobs.map((job) => `export ${told(job.exporting)}, import ${told(job.importing)}`).join('; ');
