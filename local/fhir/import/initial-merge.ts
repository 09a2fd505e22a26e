import type { MergeTarget, MergeVerdict } from './merge-target.ts';
import type { Candidate } from './parse-line.ts';

/** Loads resources that are not there yet, as version 1 of now; everything else is a duplicate. */
export function mergeInitially(target: MergeTarget, batch: readonly Candidate[]): MergeVerdict {
  const loaded: Candidate[] = [];
  let isFull = false;
  for (const candidate of batch) {
    if (target.current(candidate.type, candidate.id) !== undefined) continue;
    if (target.load(candidate, 1, target.now())) loaded.push(candidate);
    else isFull = true;
  }
  return { loaded, conflicts: [], isFull };
}
