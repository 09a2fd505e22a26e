import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import type { BenchOptions, Measurement } from '../benchmark.ts';
import { bareJobs, inSystem } from '../migration/moving-system.ts';
import { ourMigration } from '../migration/our-migration.ts';
import { packageVersion } from '../package-version.ts';

const defaultResources = 10_000;

/**
 * A service moved in one window, beside one bare export and import of the same versions, where jobs
 * wait as they do on Azure: up to a minute until one is picked up, 15 seconds until an export that
 * has ended says so (facts/migration.md §2.1, §2.2). Looks are paced as by default.
 */
export async function run({ scale, resources, say }: BenchOptions): Promise<Measurement> {
  const size = resources ?? Math.max(1_000, Math.round(defaultResources * scale));
  const folder = await mkdtemp(join(tmpdir(), 'fds-bench-'));
  try {
    const moving = { folder, name: 'waits', resources: size, timeScale: 1 };
    say(`${size} resources, with the waits of Azure: this takes about seven minutes`);
    const { jobs, ours } = await inSystem(moving, async (system) => {
      const bare = await bareJobs(system, moving);
      say(`bare: export ${bare.exporting.toFixed(1)} s, import ${bare.importing.toFixed(1)} s`);
      const plan = { windowResources: 1_000_000_000, resources: size, pollSeconds: defaultPolls };
      return { jobs: bare, ours: await ourMigration(system, plan) };
    });
    return {
      versions: { node: process.versions.node, 'fhir-dataverse-sync': packageVersion('.') },
      rows: [
        {
          case: `${size} versions, one window, services wait as on Azure`,
          unit: 's',
          higherIsBetter: false,
          ours: Number(ours.seconds.toFixed(1)),
          others: {
            'one bare export and import': Number((jobs.exporting + jobs.importing).toFixed(1)),
          },
        },
      ],
      notes: [
        'The waits are those of the stand-ins at bulk time scale 1; how fast a real service works is not in them.',
        `Jobs of our run: ${ours.jobs.map((job) => `export ${job.exporting.toFixed(1)} s, import ${job.importing.toFixed(1)} s`).join('; ')}.`,
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** As `shared/migration/plan.ts` has them. */
const defaultPolls = { first: 2, most: 120 };
