import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { createMigrationApi } from '../../local/migrate/migration-api.ts';
import type { MigrationSystem } from '../../local/migrate/system.ts';
import { createMigrationStore, type JobRecord } from '../../shared/migration/index.ts';
import { BenchError } from '../bench-error.ts';
import { residentMegabytes } from '../stand-ins/stand-in.ts';

export interface MigrationFigures {
  /** From the start over the API until the last window is closed. */
  readonly seconds: number;
  readonly windows: number;
  readonly loaded: number;
  /** Seconds of each window's export and import job, in order. */
  readonly jobs: readonly { readonly exporting: number; readonly importing: number }[];
  /** Seconds that the two services themselves worked for these jobs, by their own records. */
  readonly services: { readonly exporting: number; readonly importing: number };
  /** Most resident memory of the Functions host, in MB; undefined where it cannot be told. */
  readonly megabytes: number | undefined;
  /** The same before anything was moved. */
  readonly idleMegabytes: number | undefined;
}

interface OurPlan {
  readonly windowResources: number;
  readonly resources: number;
  readonly pollSeconds?: { readonly first: number; readonly most: number };
}

/** For services whose jobs take seconds. */
const quickPolls = { first: 0.1, most: 0.5 };

/** Moves the source over the product's own API, until everything is copied. */
export async function ourMigration(
  system: MigrationSystem,
  { windowResources, resources, pollSeconds = quickPolls }: OurPlan,
): Promise<MigrationFigures> {
  const api = createMigrationApi(system.functionsUrl);
  const began = Date.now();
  const id = await api.start({
    pattern: 'incremental',
    windowResources,
    windowBytes: 1e12,
    lagSeconds: 0,
    overlapSeconds: 0,
    intervalSeconds: 3600,
    pollSeconds,
  });
  const memory = watchedMemory(system);
  for (;;) {
    const { state, reason, progress } = await api.show(id);
    if (state === 'blocked') throw new BenchError(`the migration is blocked: ${reason}`);
    const { loaded, present } = progress.total;
    if (progress.windows.open === 0 && loaded + present >= resources) {
      const closed = progress.windows.closed;
      const seconds = await secondsOf(system, id, began);
      const jobs = await jobsOf(system, id, closed);
      await api.order(id, 'stop');
      const services = await servicesSince(system, began);
      return { seconds, jobs, services, loaded, windows: closed, ...memory.end() };
    }
    await sleep(lookMilliseconds);
  }
}

/** Each look reads tables in the same storage that is measured; when windows were closed is in their records. */
const lookMilliseconds = 2_000;

/** The operating system is asked, which costs the process nothing. */
function watchedMemory(system: MigrationSystem) {
  const now = () => residentMegabytes(system.functionsProcessId());
  const idleMegabytes = now();
  let most = idleMegabytes ?? 0;
  const timer = setInterval(() => {
    most = Math.max(most, now() ?? 0);
  }, 250);
  timer.unref();
  return {
    end: (): Pick<MigrationFigures, 'megabytes' | 'idleMegabytes'> => {
      clearInterval(timer);
      return { megabytes: most === 0 ? undefined : most, idleMegabytes };
    },
  };
}

const jobTimes = z.object({
  jobs: z.array(
    z.object({ kind: z.string(), createdAt: z.number(), endedAt: z.number().nullable() }),
  ),
});

async function servicesSince({ sourceUrl, targetUrl }: MigrationSystem, began: number) {
  const secondsOf = async (url: string, kind: string): Promise<number> => {
    const { jobs } = jobTimes.parse(await (await fetch(`${url}/_control/jobs`)).json());
    return jobs
      .filter((job) => job.kind === kind && job.createdAt >= began)
      .reduce(
        (sum, { createdAt, endedAt }) => sum + ((endedAt ?? createdAt) - createdAt) / 1000,
        0,
      );
  };
  const [exporting, importing] = await Promise.all([
    secondsOf(sourceUrl, 'export'),
    secondsOf(targetUrl, 'import'),
  ]);
  return { exporting, importing };
}

/** By the records of the windows, on the same clock: looks come too late. */
async function secondsOf(system: MigrationSystem, id: string, began: number): Promise<number> {
  const windows = await createMigrationStore(system.storage).windows.list(id);
  const ends = windows.flatMap(({ closedAt }) => (closedAt === null ? [] : [Date.parse(closedAt)]));
  return (Math.max(...ends) - began) / 1000;
}

async function jobsOf(system: MigrationSystem, id: string, windows: number) {
  const jobs = await createMigrationStore(system.storage).jobs.list(id);
  const secondsOf = (window: number, kind: JobRecord['kind']): number => {
    const name = `window-${String(window).padStart(7, '0')}`;
    return jobs
      .filter((job) => job.kind === kind && job.purpose.startsWith(name) && job.endedAt !== null)
      .reduce(
        (sum, job) =>
          sum + (Date.parse(job.endedAt ?? job.intendedAt) - Date.parse(job.intendedAt)) / 1000,
        0,
      );
  };
  return Array.from({ length: windows }, (_, index) => ({
    exporting: secondsOf(index + 1, 'export'),
    importing: secondsOf(index + 1, 'import'),
  }));
}

/** What two stages cost that overlap as far as they can: the next export beside each import. */
export function idealPipeline(jobs: MigrationFigures['jobs']): number {
  const first = jobs[0]?.exporting ?? 0;
  const overlapped = jobs.map(({ importing }, index) =>
    Math.max(importing, jobs[index + 1]?.exporting ?? 0),
  );
  return overlapped.reduce((sum, seconds) => sum + seconds, first);
}
