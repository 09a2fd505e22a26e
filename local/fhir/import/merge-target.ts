import type { Service } from '../interaction.ts';
import { millisecondsOf } from '../store/clock.ts';
import type { StoredVersion } from '../store/stored-version.ts';
import type { VersionLoader } from '../store/version-loader.ts';
import type { ImportRequest } from './import-definition.ts';
import type { Candidate } from './parse-line.ts';

/** What became of a batch; what is in neither list was a duplicate. */
export interface MergeVerdict {
  readonly loaded: readonly Candidate[];
  readonly conflicts: readonly Candidate[];
  /** True when a millisecond could not hold all the versions it was to get. */
  readonly isFull: boolean;
}

/** The stored versions as a merge sees them. The current ones are kept for the time of one batch. */
export function createMergeTarget(service: Service, loader: VersionLoader, request: ImportRequest) {
  const currents = new Map<string, StoredVersion | undefined>();
  const current = (type: string, id: string): StoredVersion | undefined => {
    const key = `${type}/${id}`;
    if (!currents.has(key)) currents.set(key, service.repository.current(type, id));
    return currents.get(key);
  };
  return {
    allowNegativeVersions: request.allowNegativeVersions,
    now: service.bulk.now,
    current,
    at: loader.at,
    neighbours: loader.neighbours,
    has: (type: string, id: string, version: number): boolean =>
      service.repository.version(type, id, version) !== undefined,
    instantOf: (version: StoredVersion): number => millisecondsOf(version.seq),
    /** False when the millisecond has no room. */
    load(candidate: Candidate, version: number, milliseconds: number): boolean {
      const { type, id, isDeleted, resource } = candidate;
      const present = current(type, id);
      const stored = loader.load(
        { type, id, version, milliseconds, isDeleted, resource, agent: request.agent },
        present,
      );
      if (stored === undefined) return false;
      if (present === undefined || version > present.version) currents.set(`${type}/${id}`, stored);
      return true;
    },
  };
}

export type MergeTarget = ReturnType<typeof createMergeTarget>;
