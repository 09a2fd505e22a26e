import type { Change } from '../events/index.ts';
import type { ChangeOutcome } from './outcome.ts';

/** How the handling of one resource ended, before it is told of each change that named the resource. */
export type ResourceEnding = Omit<ChangeOutcome, 'change'> & {
  /** `Type/id` */
  readonly reference: string;
};

/** A resource that another attempt may bring to an ending. */
export interface FailedResource {
  readonly reference: string;
  readonly step: string;
  readonly retryAfterSeconds?: number;
}

/** `Type/id` of what a change speaks of. */
export function referenceOf(change: {
  readonly resourceType: string;
  readonly id: string;
}): string {
  return `${change.resourceType}/${change.id}`;
}

/**
 * Gives each change its outcome. One handling applied the current version, so of
 * several changes of one resource the newest gets the ending and the others are
 * superseded by it (an event is a dirty flag, DESIGN §2).
 */
export function settleChanges(
  changes: readonly Change[],
  endings: readonly ResourceEnding[],
): readonly ChangeOutcome[] {
  const byReference = new Map(endings.map((ending) => [ending.reference, ending]));
  const newest = new Map<string, Change>();
  for (const change of changes) {
    const known = newest.get(referenceOf(change));
    if (known === undefined || isNewer(change, known)) newest.set(referenceOf(change), change);
  }
  return changes.flatMap((change) => {
    const ending = byReference.get(referenceOf(change));
    if (ending === undefined) return [];
    const { reference, ...outcome } = ending;
    if (newest.get(reference) === change) return [{ change, ...outcome }];
    return [superseded(change, ending)];
  });
}

function superseded(change: Change, ending: ResourceEnding): ChangeOutcome {
  const by = ending.versionId === undefined ? {} : { versionId: ending.versionId };
  return { change, kind: 'superseded', reason: 'a newer change of the same set', ...by };
}

function isNewer(left: Change, right: Change): boolean {
  const versions = compareVersions(left.versionId, right.versionId);
  return versions === 0 ? left.changeId > right.changeId : versions > 0;
}

/**
 * Orders FHIR versions. Azure Health Data Services numbers them; versions that
 * are not numbers cannot be ordered and count as equal.
 */
export function compareVersions(left: string | undefined, right: string | undefined): number {
  if (!isNumber(left) || !isNumber(right)) return 0;
  const difference = BigInt(left) - BigInt(right);
  return difference === 0n ? 0 : difference > 0n ? 1 : -1;
}

const isNumber = (version: string | undefined): version is string =>
  version !== undefined && /^\d{1,38}$/.test(version);
