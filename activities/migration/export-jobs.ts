import type { ExtractRecord, JobRecord } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';

export const jobRow = (purpose: string, attempt: number): string =>
  `${purpose}!${String(attempt).padStart(3, '0')}`;

/**
 * The container of one export attempt. Each attempt has its own, so that files of two jobs never
 * mix and a job whose answer was lost can be told by what lies in it.
 */
export function containerOf(migrationId: string, extract: string, attempt: number): string {
  return `fds-${migrationId}-${extract}-${attempt}`.toLowerCase().slice(0, 63);
}

/**
 * The id of a job that writes into a container: the service puts files below `{timestamp}-{id}/`
 * (facts/migration.md §2.1). Undefined while nothing is there.
 */
export async function jobIdIn(
  { blobs }: MigrationDependencies,
  container: string,
): Promise<string | undefined> {
  for await (const { name } of blobs.list(container)) {
    const id = /^[^/]*-([A-Za-z0-9]+)\//.exec(name)?.[1];
    if (id !== undefined) return id;
  }
  return undefined;
}

export function intendedJob(
  extract: ExtractRecord,
  job: Pick<JobRecord, 'attempt' | 'container' | 'intendedAt' | 'pollSeconds' | 'dialect'>,
): JobRecord {
  return {
    kind: 'export',
    purpose: extract.name,
    side: extract.side,
    state: 'intended',
    statusUrl: null,
    endedAt: null,
    ...job,
  };
}
