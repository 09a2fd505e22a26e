import { inside, windowName } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { WindowInput } from './seal-staging.ts';

export interface PlannedImport {
  readonly kind: 'planned';
  /** Operations that are not settled yet. */
  readonly batches: readonly string[];
}

/** The import operations of a window that are still to be done; all of them, the first time. */
export function createPlanImport({ store }: MigrationDependencies) {
  return async ({ migrationId, window }: WindowInput): Promise<PlannedImport> => {
    const batches = await store.batches.list(inside(migrationId, windowName(window)));
    const open = batches.filter(({ settled }) => !settled).map(({ name }) => name);
    return { kind: 'planned', batches: open.filter((name) => !open.includes(originOf(name))) };
  };
}

/** What came out of a batch that is not settled is told, or dropped, by its settling. */
const originOf = (name: string): string => name.slice(0, Math.max(0, name.lastIndexOf('.')));
