import type { DatabaseSync } from 'node:sqlite';
import { typeNumber } from '../definitions.ts';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import type { Job, JobKind, JobRun } from '../jobs/index.ts';
import { isObject, itemsOf, type Json, type JsonObject, parseStored } from '../json.ts';
import { badRequest } from '../outcome.ts';
import type { SearchParameter } from '../search/parameters.ts';
import { beforeAllRows } from '../store/clock.ts';
import type { IndexTables } from '../store/index-tables.ts';
import { reindexParameters } from './reindex-answer.ts';

export interface ReindexParts {
  readonly database: DatabaseSync;
  readonly index: IndexTables;
}

/** Rows indexed in one transaction; requests are answered in between. */
const slice = 200;

/**
 * The work of `$reindex`: resources that were written before a custom parameter
 * was known are indexed by it, then it becomes `Enabled`.
 */
export function reindexKind(service: Service, parts: ReindexParts): JobKind {
  const page = parts.database.prepare(
    'SELECT seq, body FROM resource INDEXED BY resource_live WHERE type = ? AND live = 1 AND seq > ? AND seq < ? ORDER BY seq LIMIT ?',
  );
  const count = parts.database.prepare(
    'SELECT count(*) AS n FROM resource INDEXED BY resource_live WHERE type = ? AND live = 1 AND seq < ?',
  );

  async function run(work: JobRun): Promise<Json> {
    const types = targetTypes(work.job);
    const waiting = service.registry
      .custom()
      .filter(({ url }) => service.registry.statusOf(url) === 'Supported');
    const steps = waiting.flatMap(({ url, parameters }) =>
      parameters
        .filter(({ type }) => types === undefined || types.includes(type))
        .map((parameter) => ({ parameter, below: service.registry.knownFrom(url) })),
    );
    const counts = new Map<string, number>();
    for (const { parameter, below } of steps) {
      const found = Number(count.get(typeNumber(parameter.type), below)?.['n'] ?? 0);
      counts.set(parameter.type, (counts.get(parameter.type) ?? 0) + found);
    }
    const progress = {
      total: [...counts.values()].reduce((sum, one) => sum + one, 0),
      done: 0,
      types: Object.fromEntries([...counts].filter(([, n]) => n > 0)),
      parameters: waiting.map(({ url }) => url),
    };
    work.save(progress);
    for (const step of steps) progress.done += await reindexOne(work, step, progress);
    service.repository.transaction(() => {
      for (const { url, parameters } of waiting) {
        const isWhole = parameters.every(({ type }) => types?.includes(type) ?? true);
        if (isWhole) service.registry.setStatus(url, 'Enabled');
      }
      service.registry.settlePending();
    });
    return progress;
  }

  async function reindexOne(
    work: JobRun,
    { parameter, below }: { readonly parameter: SearchParameter; readonly below: bigint },
    progress: { readonly done: number },
  ): Promise<number> {
    let after = beforeAllRows;
    let done = 0;
    parts.index.forget(parameter, below);
    for (;;) {
      const rows = page.all(typeNumber(parameter.type), after, below, slice);
      service.repository.transaction(() => {
        for (const row of rows) {
          const seq = BigInt(String(row['seq']));
          parts.index.addOne(parameter, seq, parseStored(String(row['body'])));
          after = seq;
        }
      });
      done += rows.length;
      work.save({ ...progress, done: progress.done + done });
      if (rows.length < slice) return done;
      await work.pause();
    }
  }

  return {
    run,
    status: (job, request) => reindexReply(job, request, 200),
    cancel(job, cancel, request) {
      if (job.endedAt !== undefined) {
        throw badRequest(`Reindex job '${job.number}' has ended and cannot be cancelled.`);
      }
      cancel();
      return reindexReply({ ...job, state: 'cancelled' }, request, 202);
    },
  };
}

/** Kick-off. There is one active reindex: a second POST gets it (facts, migration 2.4). */
export function startReindex(service: Service, request: FhirRequest): Reply {
  const active = service.jobs.unfinished().find(({ kind }) => kind === 'reindex');
  const job = active ?? service.jobs.submit('reindex', readParameters(request.body));
  return reindexReply(job, request, 201);
}

/** `GET /$reindex`: the active job. */
export function activeReindex(service: Service): Job | undefined {
  return service.jobs.unfinished().find(({ kind }) => kind === 'reindex');
}

export function reindexReply(job: Job, { baseUrl }: FhirRequest, status: number): Reply {
  const location = `${baseUrl}/_operations/reindex/${job.number}`;
  const headers = status === 201 ? { 'content-location': location } : {};
  return { status, headers, body: JSON.stringify(reindexParameters(job)) };
}

const numeric = [
  'maximumNumberOfResourcesPerQuery',
  'maximumNumberOfResourcesPerWrite',
  'queryDelayIntervalInMilliseconds',
];
const textual = ['targetResourceTypes', 'targetSearchParameterTypes'];

function readParameters(body: JsonObject | undefined): JsonObject {
  if (body?.['resourceType'] !== 'Parameters') {
    throw badRequest('$reindex takes a Parameters resource; it may be without parameters.');
  }
  const read: Record<string, Json> = {};
  for (const parameter of itemsOf(body['parameter'])) {
    if (!isObject(parameter)) continue;
    const name = String(parameter['name']);
    const value = Object.entries(parameter).find(([key]) => key.startsWith('value'))?.[1];
    if (numeric.includes(name) && !/^\d{1,9}$/.test(String(value))) {
      throw badRequest(`The parameter '${name}' of $reindex must be a whole number.`);
    }
    if (numeric.includes(name)) read[name] = Number(value);
    if (textual.includes(name)) read[name] = String(value);
  }
  return read;
}

function targetTypes({ definition }: Job): readonly string[] | undefined {
  const text = isObject(definition) ? definition['targetResourceTypes'] : undefined;
  return typeof text === 'string' && text !== '' ? text.split(',') : undefined;
}
