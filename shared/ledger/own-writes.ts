import { resourceKey } from './resource-key.ts';
import type { StateTable } from './state-table.ts';

/** A FHIR version that this product itself wrote, on top of `baseVersionId`. */
export interface OwnWrite {
  readonly resourceType: string;
  readonly id: string;
  readonly versionId: string;
  readonly baseVersionId: string;
  readonly at: string;
}

export interface OwnWrites {
  record(writes: readonly OwnWrite[]): Promise<void>;
  isOwn(version: VersionKey): Promise<boolean>;
}

interface VersionKey {
  readonly resourceType: string;
  readonly id: string;
  readonly versionId: string;
}

/** Versions remembered in memory besides the table, enough for the events of the last minutes. */
const remembered = 50_000;

/**
 * Remembers own writes so that the event each of them raises can be dropped.
 * Memory answers for this process; the table answers for the others.
 */
export function createOwnWrites(table: StateTable): OwnWrites {
  const recent = new Set<string>();
  const remember = (key: string) => {
    recent.add(key);
    if (recent.size <= remembered) return;
    const [oldest] = recent;
    if (oldest !== undefined) recent.delete(oldest);
  };
  return {
    record: async (writes) => {
      for (const write of writes) remember(textOf(write));
      await table.putAll(writes.map((write) => ({ key: keyOf(write), body: write })));
    },
    isOwn: async (version) => {
      if (recent.has(textOf(version))) return true;
      return (await table.get(keyOf(version))) !== undefined;
    },
  };
}

const textOf = ({ resourceType, id, versionId }: VersionKey) =>
  `${resourceType}!${id}!${versionId}`;

const keyOf = (version: VersionKey) => resourceKey(version, version.versionId);
