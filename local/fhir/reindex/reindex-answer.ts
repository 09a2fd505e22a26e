import type { Job } from '../jobs/index.ts';
import { isObject, itemsOf, type Json, type JsonObject } from '../json.ts';

const statusNames = {
  queued: 'Queued',
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Canceled',
} as const satisfies Record<Job['state'], string>;

/** The Parameters that describe a reindex job, as the service behind Azure words them. */
export function reindexParameters(job: Job): JsonObject {
  const asked = isObject(job.definition) ? job.definition : {};
  const found = job.result ?? job.progress;
  const progress = isObject(found) ? found : {};
  const total = Number(progress['total'] ?? 0);
  const done = Number(progress['done'] ?? 0);
  const queued = new Date(job.createdAt).toISOString();
  const ended = job.endedAt === undefined ? undefined : new Date(job.endedAt).toISOString();
  const types = isObject(progress['types']) ? Object.entries(progress['types']) : [];
  const parameters = itemsOf(progress['parameters']);
  const parameter: JsonObject[] = [
    { name: 'id', valueString: String(job.number) },
    ...(job.state === 'queued' ? [] : [{ name: 'startTime', valueDateTime: queued }]),
    ...optional('endTime', 'valueDateTime', ended),
    { name: 'lastModified', valueDateTime: ended ?? queued },
    { name: 'queuedTime', valueDateTime: queued },
    { name: 'totalResourcesToReindex', valueDecimal: total },
    { name: 'resourcesSuccessfullyReindexed', valueDecimal: done },
    { name: 'progress', valueDecimal: total === 0 ? 0 : Math.round((done / total) * 1_000) / 10 },
    { name: 'status', valueString: statusNames[job.state] },
    ...optional('resources', 'valueString', types.map(([type]) => type).join(',') || undefined),
    ...optional('searchParams', 'valueString', parameters.join(',') || undefined),
    ...optional('targetResourceTypes', 'valueString', asked['targetResourceTypes']),
    ...optional('failureDetails', 'valueString', job.failure?.diagnostics),
    {
      name: 'maximumNumberOfResourcesPerQuery',
      valueDecimal: asked['maximumNumberOfResourcesPerQuery'] ?? 10_000,
    },
    {
      name: 'maximumNumberOfResourcesPerWrite',
      valueDecimal: asked['maximumNumberOfResourcesPerWrite'] ?? 1_000,
    },
  ];
  return { resourceType: 'Parameters', id: String(job.number), parameter };
}

function optional(name: string, key: string, value: Json | undefined): readonly JsonObject[] {
  return value === undefined ? [] : [{ name, [key]: value }];
}
