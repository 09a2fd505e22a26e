import { createHash } from 'node:crypto';
import type { Change } from './change.ts';

/**
 * The orchestration instance id of a set of changes: the same changes, in any order and however
 * often delivered, give the same id, so that a redelivery meets the running or finished instance
 * instead of starting a second one. A function of the change ids alone.
 */
export function changeSetId(changes: readonly Change[]): string {
  const ids = [...new Set(changes.map(({ changeId }) => changeId))].sort();
  const digest = createHash('sha256').update(JSON.stringify(ids)).digest('hex');
  return `sync-${digest.slice(0, 32)}`;
}
