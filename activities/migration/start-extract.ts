import type { ExportRequest } from '../../shared/bulk/index.ts';
import type { ExtractRecord, JobRecord } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { containerOf, intendedJob, jobIdIn, jobRow } from './export-jobs.ts';
import { loadExtract } from './extract.ts';
import { carriedBy, dialectOf, loadRun, type Run } from './run.ts';

export interface ExtractInput {
  readonly migrationId: string;
  /** Name of the extract. */
  readonly extract: string;
}

export type StartedExtract =
  | { readonly kind: 'started' }
  /** The service has no `$export`: its resources are read page by page. */
  | { readonly kind: 'pages' }
  /** It is not known yet whether the last kick-off began a job: look again. */
  | { readonly kind: 'settling'; readonly seconds: number };

/**
 * Starts the export job of an extract, once. A kick-off is not idempotent, so the intent is
 * recorded before it. When the answer was lost (crash, torn connection, no Content-Location), the
 * job is looked for by the container that only it writes to, and adopted; only when none shows up
 * is a new one started (facts/migration.md §2.1).
 */
export function createStartExtract(deps: MigrationDependencies) {
  return async ({ migrationId, extract: name }: ExtractInput): Promise<StartedExtract> => {
    const [loaded, extract] = await Promise.all([
      loadRun(deps.store, migrationId),
      loadExtract(deps.store, migrationId, name),
    ]);
    if (dialectOf(loaded.run, extract.side) === null) return { kind: 'pages' };
    const job = await deps.store.jobs.get(migrationId, jobRow(name, extract.attempt));
    if (job?.state === 'running' || job?.state === 'ended') return { kind: 'started' };
    if (job?.state === 'intended') {
      const seconds = await settle(deps, loaded, job);
      if (seconds === 0) return { kind: 'started' };
      if (seconds > 0) return { kind: 'settling', seconds };
    }
    return kickOff(deps, loaded, extract);
  };
}

/** 0: adopted. Above 0: seconds to wait before looking again. Below 0: there is no such job. */
async function settle(deps: MigrationDependencies, { run }: Run, job: JobRecord): Promise<number> {
  const row = jobRow(job.purpose, job.attempt);
  const id = job.container === null ? undefined : await jobIdIn(deps, job.container);
  const dialect = dialectOf(run, job.side);
  if (id !== undefined && dialect !== null) {
    const statusUrl = deps.ends[job.side].exporter(dialect).statusUrlOf(id);
    await deps.store.jobs.put(run.id, row, { ...job, state: 'running', statusUrl });
    return 0;
  }
  const waited = (deps.now().getTime() - Date.parse(job.intendedAt)) / 1000;
  if (waited < deps.orphanSeconds) return Math.max(0.1, Math.min(5, deps.orphanSeconds - waited));
  await deps.store.jobs.put(run.id, row, { ...job, state: 'lost' });
  return -1;
}

async function kickOff(
  deps: MigrationDependencies,
  { run, orders }: Run,
  extract: ExtractRecord,
): Promise<StartedExtract> {
  const attempt = extract.attempt + 1;
  const dialect = dialectOf(run, extract.side) ?? 'ahds';
  const container = dialect === 'ahds' ? containerOf(run.id, extract.name, attempt) : null;
  const row = jobRow(extract.name, attempt);
  const { pollSeconds } = orders.plan;
  const intendedAt = deps.now().toISOString();
  const job = intendedJob(extract, { attempt, container, intendedAt, pollSeconds, dialect });
  await deps.store.jobs.put(run.id, row, job);
  await deps.store.extracts.put(run.id, extract.name, { ...extract, attempt, state: 'running' });
  const exporter = deps.ends[extract.side].exporter(dialect);
  const answer = await exporter.kickOff(requestOf({ extract, loaded: { run, orders }, container }));
  if (answer.kind === 'unknown') return { kind: 'settling', seconds: 1 };
  await deps.store.jobs.put(run.id, row, {
    ...job,
    state: 'running',
    statusUrl: answer.statusUrl,
  });
  return { kind: 'started' };
}

interface Requested {
  readonly extract: ExtractRecord;
  readonly loaded: Run;
  readonly container: string | null;
}

function requestOf({ extract, loaded, container }: Requested): ExportRequest {
  const { plan } = loaded.orders;
  const { history, deletes } = carriedBy(loaded);
  const { side, since, till, maxCount } = extract;
  return {
    history,
    deleted: deletes,
    ...(till === null ? {} : { till }),
    ...(plan.types.length === 0 ? {} : { types: plan.types }),
    ...(since === null ? {} : { since }),
    ...(container === null ? {} : { container, parallel: true }),
    // Only the dialect with a container knows it.
    ...(maxCount === null || container === null ? {} : { maxCount }),
    // The target holds what is de-identified already.
    ...(plan.anonymizationConfig === null || side === 'target'
      ? {}
      : { anonymizationConfig: plan.anonymizationConfig }),
  };
}
