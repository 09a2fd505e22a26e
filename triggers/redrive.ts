import { createHash } from 'node:crypto';
import type { SyncChangesInput } from '../orchestrations/sync-changes.ts';
import type { Chapter } from '../shared/ledger/index.ts';

export interface Redrive {
  readonly instanceId: string;
  readonly input: SyncChangesInput;
}

/**
 * The change set that tries dead letters again. Its id follows from the letters
 * and when they were written: asking twice redrives once. It takes the pack of
 * now, because a corrected map is why most letters are redriven.
 */
export function redriveOf(
  letters: readonly Chapter[],
  { retry, packHash }: Pick<SyncChangesInput, 'retry' | 'packHash'>,
): Redrive {
  const changes = letters.map(({ outcome }) => ({ ...outcome.change, cause: 'redrive' as const }));
  const identity = letters.map(({ at, outcome }) => `${outcome.change.changeId}@${at}`).sort();
  const digest = createHash('sha256').update(identity.join(' ')).digest('hex').slice(0, 32);
  const set: SyncChangesInput['set'] = {
    cause: 'redrive',
    receivedAt: new Date().toISOString(),
    received: 0,
    echoes: 0,
    quarantined: 0,
    ignored: 0,
    taken: { parked: 0, rejected: changes.length },
  };
  const redriven = letters.map(keyOnly);
  return { instanceId: `redrive-${digest}`, input: { changes, set, retry, packHash, redriven } };
}

/** A letter is settled by its change and its cause; its texts need not travel through the history. */
function keyOnly({ instanceId, at, outcome: { change, problem } }: Chapter): Chapter {
  const cause = problem && { problem: { cause: problem.cause, code: problem.code, remedy: '' } };
  return { instanceId, at, outcome: { change, kind: 'rejected', ...cause } };
}
