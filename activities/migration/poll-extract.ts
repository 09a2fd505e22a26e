import type { ExportManifest, ExportStatus } from '../../shared/bulk/index.ts';
import type { ExtractRecord, JobRecord, MigrationPlan } from '../../shared/migration/index.ts';
import { inside } from '../../shared/migration/index.ts';
import { type Blocked, blocked } from './blocked.ts';
import { chunksOf } from './chunks.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { endLateJobs } from './end-late-jobs.ts';
import { jobRow } from './export-jobs.ts';
import { loadExtract } from './extract.ts';
import { patienceWith } from './job-deadline.ts';
import { pollPause } from './poll-pause.ts';
import { carriedBy, dialectOf, loadRun, type Run } from './run.ts';
import type { ExtractInput } from './start-extract.ts';

export interface PollExtractInput extends ExtractInput {
  /** Looks before this one. */
  readonly looks: number;
}

export type PolledExtract =
  | {
      readonly kind: 'running';
      readonly seconds: number;
      /** The service said itself how long to wait: no look may come sooner. */
      readonly asked: boolean;
    }
  | { readonly kind: 'ready'; readonly chunks: number }
  /** The job came to nothing; another is to be started. */
  | { readonly kind: 'again'; readonly cause: string };

/** Jobs that may come to nothing for one extract before a person is asked. */
const mostAttempts = 6;
/** Looks at a job that names too few lines before it is given up: premature answers mend themselves. */
const mostShortLooks = 4;

/**
 * Looks at the export job of an extract. Only an answer about the job itself ends it: throttling,
 * gateways and expired tokens mean "look again" (facts/migration.md §1.7, fault 9). A job that is
 * done is believed when its files hold at least what the service counts.
 */
export function createPollExtract(deps: MigrationDependencies) {
  return async (input: PollExtractInput): Promise<PolledExtract | Blocked> => {
    const { migrationId } = input;
    const extract = await loadExtract(deps.store, migrationId, input.extract);
    if (extract.state === 'exported') return { kind: 'ready', chunks: extract.chunks };
    const row = jobRow(extract.name, extract.attempt);
    const job = await deps.store.jobs.get(migrationId, row);
    if (job === undefined || job.statusUrl === null || job.state !== 'running') {
      const loaded = await loadRun(deps.store, migrationId);
      return giveUp(deps, { loaded, extract, job }, 'the job was lost');
    }
    const { statusUrl } = job;
    return look(deps, { migrationId, extract, job: { ...job, statusUrl }, looks: input.looks });
  };
}

interface Looking {
  readonly migrationId: string;
  readonly extract: ExtractRecord;
  readonly job: JobRecord & { readonly statusUrl: string };
  readonly looks: number;
}

/** A look at a job that runs reads two records, and no more: there are many of them. */
async function look(
  deps: MigrationDependencies,
  { migrationId, extract, job, looks }: Looking,
): Promise<PolledExtract | Blocked> {
  const load = () => loadRun(deps.store, migrationId);
  if (extract.attempt > 1) await endLateJobs(deps, (await load()).run, extract);
  const { dialect, pollSeconds } = await askedFor(job, load);
  const status = await deps.ends[job.side].exporter(dialect).status(job.statusUrl);
  const seconds = pollPause({ pollSeconds }, looks, status);
  if (status.kind === 'running') {
    const { trouble } = status;
    const patience = await patienceWith(deps, { migrationId, job, trouble });
    const asked = status.retryAfterSeconds !== undefined;
    if (patience.kind === 'wait') return { kind: 'running', seconds, asked };
    if (patience.kind === 'blocked') return patience;
    return giveUp(deps, { loaded: await load(), extract, job }, patience.cause);
  }
  const looked = { loaded: await load(), extract, job };
  if (status.kind !== 'done') return giveUp(deps, looked, causeOf(status));
  return whenDone(deps, looked, { manifest: status.manifest, seconds });
}

/** How the job was started; records of an older release do not say it. */
async function askedFor({ dialect, pollSeconds, side }: JobRecord, load: () => Promise<Run>) {
  if (dialect !== undefined && pollSeconds !== undefined) return { dialect, pollSeconds };
  const { run, orders } = await load();
  return { dialect: dialectOf(run, side) ?? 'ahds', pollSeconds: orders.plan.pollSeconds };
}

interface Looked {
  readonly loaded: Run;
  readonly extract: ExtractRecord;
  readonly job: JobRecord | undefined;
}

const exporterOf = (
  { ends }: MigrationDependencies,
  { loaded, extract: { side } }: Pick<Looked, 'loaded' | 'extract'>,
) => ends[side].exporter(dialectOf(loaded.run, side) ?? 'ahds');

interface Done {
  readonly manifest: ExportManifest;
  readonly seconds: number;
}

async function whenDone(
  deps: MigrationDependencies,
  looked: Looked,
  { manifest, seconds }: Done,
): Promise<PolledExtract | Blocked> {
  const { loaded, extract } = looked;
  const { id } = loaded.run;
  if (manifest.errors.length > 0) {
    return giveUp(deps, looked, 'the source could not export everything (error files)');
  }
  const lines = linesOf(manifest);
  if (lines !== undefined && lines < (await lowestCount(deps, loaded, extract))) {
    if (extract.shortLooks >= mostShortLooks) {
      return giveUp(deps, looked, 'the job named fewer resources than the service counts');
    }
    const shortLooks = extract.shortLooks + 1;
    await deps.store.extracts.put(id, extract.name, { ...extract, shortLooks });
    return { kind: 'running', seconds, asked: false };
  }
  const chunks = chunksOf(manifest, { fileResources: fileSize(loaded) });
  await deps.store.chunks.putAll(
    chunks.map((record) => ({
      partition: inside(id, extract.name),
      row: String(record.number).padStart(7, '0'),
      record: {
        ...record,
        job: { migrationId: id, purpose: extract.name, attempt: extract.attempt },
      },
    })),
  );
  await endJob(deps, looked);
  await deps.store.extracts.put(id, extract.name, {
    ...extract,
    state: 'exported',
    chunks: chunks.length,
    lines: lines ?? 0,
  });
  return { kind: 'ready', chunks: chunks.length };
}

/** Resources of a file for import: as many as were asked for, and no more than its bytes allow. */
const fileSize = ({ run, orders: { plan } }: Run): number =>
  Math.max(1, Math.min(plan.fileResources, Math.floor(plan.fileBytes / run.bytesPerResource)));

async function endJob(
  { store, now }: MigrationDependencies,
  { loaded, job }: Looked,
): Promise<void> {
  if (job === undefined) return;
  const ended: JobRecord = { ...job, state: 'ended', endedAt: now().toISOString() };
  await store.jobs.put(loaded.run.id, jobRow(job.purpose, job.attempt), ended);
}

/** Undefined when a file has no count: then the lines are counted as they are read. */
function linesOf({ files }: ExportManifest): number | undefined {
  let lines = 0;
  for (const { count } of files) {
    if (count === undefined) return undefined;
    lines += count;
  }
  return lines;
}

/** What the export has at least: all versions where history and deletes are carried, else what is current. */
function lowestCount(
  { ends }: MigrationDependencies,
  loaded: Run,
  { side, since, till }: ExtractRecord,
): Promise<number> {
  return ends[side].service.count({
    types: loaded.orders.plan.types,
    history: carriedBy(loaded).everything,
    ...(till === null ? {} : { till }),
    ...(since === null ? {} : { since }),
  });
}

function causeOf(status: Exclude<ExportStatus, { readonly kind: 'running' | 'done' }>): string {
  return status.kind === 'gone'
    ? 'the service no longer knows the job'
    : `the job failed (${status.status}, ${status.cause})`;
}

/** Cancels what may still run and leaves the extract to a new job; a person is asked after several. */
async function giveUp(
  deps: MigrationDependencies,
  looked: Looked,
  cause: string,
): Promise<PolledExtract | Blocked> {
  const { loaded, extract, job } = looked;
  if (job !== undefined && job.statusUrl !== null) {
    const { statusUrl } = job;
    // Not before it is ended is another started: two would be alive for one extract.
    await exporterOf(deps, { loaded, extract }).cancel(statusUrl);
  }
  if (job !== undefined) {
    const row = jobRow(job.purpose, job.attempt);
    await deps.store.jobs.put(loaded.run.id, row, { ...job, state: 'lost' });
  }
  const again: ExtractRecord = {
    ...extract,
    shortLooks: 0,
    maxCount: smaller(extract, loaded.orders.plan),
  };
  await deps.store.extracts.put(loaded.run.id, extract.name, again);
  if (extract.attempt % mostAttempts === 0) {
    return blocked(
      `the export of ${extract.name} from the ${extract.side} does not succeed: ${cause}. See the log of that service.`,
    );
  }
  return { kind: 'again', cause };
}

/** Smaller ranges need less memory on the server (facts/migration.md §2.1, `_maxCount`). */
function smaller({ maxCount, attempt }: ExtractRecord, _plan: MigrationPlan): number | null {
  if (attempt < 2) return maxCount;
  return Math.max(100, Math.floor((maxCount ?? 10_000) / 2));
}
