import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyState, Organisation } from './organisation.ts';
import type { WantedTable } from './table-file.ts';

export interface KeyWait {
  /** Milliseconds between two looks. */
  readonly pollMs: number;
  /** Milliseconds after which a key that is still being built counts as unusable. */
  readonly limitMs: number;
}

type WantedKeys = NonNullable<WantedTable['keys']>;

export function sameColumns(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((column) => right.includes(column));
}

function stateOf(key: WantedKeys[number], states: readonly KeyState[]): string {
  const found = states.find(({ KeyAttributes }) => sameColumns(KeyAttributes, key.columns));
  return found?.EntityKeyIndexStatus ?? 'Missing';
}

/** Waits while wanted keys of a table are being built; gives the names of those that are not Active then. */
export async function waitForKeys(
  organisation: Organisation,
  { table, keys }: { readonly table: string; readonly keys: WantedKeys },
  { pollMs, limitMs }: KeyWait,
): Promise<readonly string[]> {
  for (let waitedMs = 0; ; waitedMs += pollMs) {
    const states = await organisation.keys(table);
    const unusable = keys.filter((key) => stateOf(key, states) !== 'Active');
    const isBuilding = unusable.some((key) =>
      ['Pending', 'InProgress'].includes(stateOf(key, states)),
    );
    if (!isBuilding || waitedMs >= limitMs) {
      return unusable.map(({ name }) => name);
    }
    await sleep(pollMs);
  }
}
