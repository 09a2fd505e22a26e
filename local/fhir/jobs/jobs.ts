import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as delay, setImmediate as nextTurn } from 'node:timers/promises';
import type { FhirRequest, Reply } from '../interaction.ts';
import type { Json } from '../json.ts';
import { FhirError, notAllowed, notFound } from '../outcome.ts';
import type { BulkFaults } from './bulk-faults.ts';
import { answerWithFaults } from './faulty-answer.ts';
import { type Job, type JobKind, type JobKindName, type JobRun, jobKinds } from './job.ts';
import { createJobTable, type JobTable } from './job-table.ts';

export interface JobsParts {
  readonly database: DatabaseSync;
  /** The clock of the service, in milliseconds since 1970. */
  readonly now: () => number;
  /** Milliseconds a job waits before a worker picks it up. */
  readonly pickUpDelay: number;
  readonly faults: BulkFaults;
  /** Told about failures that are no `FhirError`. */
  readonly onDefect: (error: unknown) => void;
}

/**
 * The asynchronous jobs of one service: submitted by kick-offs, run in slices
 * between HTTP requests, kept in the database, and started again by `resume`
 * after the process ended in whatever way.
 */
export function createJobs(parts: JobsParts) {
  const table = createJobTable(parts.database);
  const kinds = new Map<JobKindName, JobKind>();
  const running = new Map<number, Running>();
  let closing = false;

  function start(job: Job): void {
    const kind = kinds.get(job.kind);
    if (kind === undefined || closing || running.has(job.number)) return;
    const stopping = new AbortController();
    if (job.cancelRequested) stopping.abort();
    const done = work({ table, parts, kind, job, stopping, isClosing: () => closing }).finally(() =>
      running.delete(job.number),
    );
    running.set(job.number, { stopping, done });
  }

  function cancel(job: Job): void {
    table.requestCancel(job.number);
    running.get(job.number)?.stopping.abort();
  }

  function find(kind: JobKindName, id: string): Job | undefined {
    return /^\d{1,15}$/.test(id) ? table.find(kind, Number(id)) : undefined;
  }

  return {
    /** Declares what a kind of job does. Once per kind, before `submit` and `resume`. */
    register(kind: JobKindName, does: JobKind): void {
      kinds.set(kind, does);
    },
    /**
     * Stores a job and starts it soon. `key` marks jobs that `findByKey` can find
     * again, such as the content hash of an import. Returns the stored job.
     */
    submit(kind: JobKindName, definition: Json, key?: string): Job {
      const number = table.insert(kind, { key, definition, createdAt: parts.now() });
      const job = table.find(kind, number);
      if (job === undefined) throw notFound(`The job '${number}' was not stored.`);
      start(job);
      return job;
    },
    find,
    /** The first job of the kind with this key, in whatever state. */
    findByKey: table.findByKey,
    /** Jobs of all kinds that have not ended. */
    unfinished: table.unfinished,
    /** When jobs came and ended, newest first. */
    times: table.times,
    /** The parts of a job, for status answers. */
    partsOf: (job: Job) => table.parts(job.number),
    /** Starts every job that has not ended; to be called once all kinds are registered. */
    resume(): void {
      for (const job of table.unfinished()) start(job);
    },
    /** Answers `/_operations/{kind}/{id}`; 404 for what is not there. */
    answer(request: FhirRequest): Reply {
      const [, name = '', id = ''] = request.path;
      const kind = jobKinds.find((candidate) => candidate === name);
      const does = kind && kinds.get(kind);
      const job = kind && find(kind, id);
      if (job === undefined || does === undefined || request.path.length !== 3) {
        throw notFound(`The requested ${name} job "${id}" was not found.`);
      }
      const { faults } = parts;
      if (request.method === 'GET') {
        const call = { operation: job.kind, step: 'poll' } as const;
        return answerWithFaults(faults, call, () => does.status(job, request));
      }
      if (request.method === 'DELETE') {
        const call = { operation: job.kind, step: 'cancel' } as const;
        return answerWithFaults(faults, call, () => does.cancel(job, () => cancel(job), request));
      }
      throw notAllowed(`'/_operations/${name}/${id}' takes GET and DELETE only.`);
    },
    /** Stops the work without ending the jobs: the next start goes on with them. */
    async close(): Promise<void> {
      closing = true;
      for (const { stopping } of running.values()) stopping.abort();
      await Promise.all([...running.values()].map(({ done }) => done));
    },
  };
}

export type Jobs = ReturnType<typeof createJobs>;

interface Running {
  readonly stopping: AbortController;
  readonly done: Promise<void>;
}

interface Work {
  readonly table: JobTable;
  readonly parts: JobsParts;
  readonly kind: JobKind;
  readonly job: Job;
  readonly stopping: AbortController;
  readonly isClosing: () => boolean;
}

/** Runs a job to one of its ends; an abort by `close` is none. */
async function work({ table, parts, kind, job, stopping, isClosing }: Work): Promise<void> {
  const { signal } = stopping;
  try {
    await delay(parts.pickUpDelay, undefined, { signal });
    table.setRunning(job.number);
    const result = await kind.run(runOf(table, job, signal));
    table.end(job.number, { state: 'completed', result, endedAt: parts.now() });
  } catch (error) {
    if (isClosing()) return;
    if (signal.aborted) {
      table.end(job.number, { state: 'cancelled', endedAt: parts.now() });
      return;
    }
    if (!(error instanceof FhirError)) parts.onDefect(error);
    const failure =
      error instanceof FhirError
        ? { status: error.status, diagnostics: error.message }
        : { status: 500, diagnostics: 'InternalServerError' };
    table.end(job.number, { state: 'failed', failure, endedAt: parts.now() });
  }
}

function runOf(table: JobTable, job: Job, signal: AbortSignal): JobRun {
  return {
    job,
    signal,
    save: (progress) => {
      table.saveProgress(job.number, progress);
    },
    async pause() {
      await nextTurn();
      signal.throwIfAborted();
    },
    parts: () => table.parts(job.number),
    addParts(definitions) {
      const first = table.parts(job.number).length + 1;
      definitions.forEach((definition, index) => {
        table.addPart(job.number, first + index, definition);
      });
      return table.parts(job.number);
    },
    finishPart: (number, result) => {
      table.finishPart(job.number, number, result);
    },
  };
}
