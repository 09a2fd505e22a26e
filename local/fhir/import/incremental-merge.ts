import type { StoredVersion } from '../store/stored-version.ts';
import { versionBody } from '../store/stored-version.ts';
import type { MergeTarget, MergeVerdict } from './merge-target.ts';
import type { Candidate } from './parse-line.ts';

/** A candidate whose place among the versions of its resource is decided. */
interface Placed {
  readonly candidate: Candidate;
  readonly version: number;
  readonly milliseconds: number;
}

/**
 * Merges a batch as the service does (facts, migration 2.3; SqlServerFhirDataStore
 * of the open-source service): first what brings its version, then what brings
 * only lastUpdated, then what brings neither. What gets no verdict here was a
 * duplicate within the batch.
 */
export function mergeIncrementally(target: MergeTarget, batch: readonly Candidate[]): MergeVerdict {
  const verdict: Draft = { loaded: [], conflicts: [], isFull: false };
  const fresh = withoutKnown(target, oncePerInstant(batch), verdict);
  mergeVersioned(
    target,
    fresh.filter(({ version }) => version !== undefined),
    verdict,
  );
  mergeDated(
    target,
    fresh.filter(
      ({ version, milliseconds }) => version === undefined && milliseconds !== undefined,
    ),
    verdict,
  );
  for (const candidate of fresh) {
    if (candidate.milliseconds === undefined) mergeUndated(target, candidate, verdict);
  }
  return verdict;
}

interface Draft {
  readonly loaded: Candidate[];
  readonly conflicts: Candidate[];
  isFull: boolean;
}

/** Of several with one lastUpdated the highest version counts; without lastUpdated, one per resource. */
function oncePerInstant(batch: readonly Candidate[]): readonly Candidate[] {
  return best(
    batch,
    ({ type, id, milliseconds }) => `${type}/${id}/${milliseconds ?? ''}`,
    (left, right) => (left.version ?? 1) > (right.version ?? 1),
  );
}

/** Takes out what is stored already under its lastUpdated: the same is success, anything else a conflict. */
function withoutKnown(
  target: MergeTarget,
  batch: readonly Candidate[],
  verdict: Draft,
): readonly Candidate[] {
  return batch.filter((candidate) => {
    const { type, id, milliseconds, version } = candidate;
    if (milliseconds === undefined || target.current(type, id) === undefined) return true;
    const stored = target.at(type, id, milliseconds);
    if (stored === undefined) return true;
    const isSame =
      (version === undefined || version === stored.version) && equals(candidate, stored);
    verdict[isSame ? 'loaded' : 'conflicts'].push(candidate);
    return false;
  });
}

function equals(candidate: Candidate, stored: StoredVersion): boolean {
  return versionBody(candidate.resource, stored) === stored.body;
}

function mergeVersioned(target: MergeTarget, batch: readonly Candidate[], verdict: Draft): void {
  const distinct = best(
    batch,
    ({ type, id, version }) => `${type}/${id}/${version}`,
    (left, right) => (left.milliseconds ?? 0) > (right.milliseconds ?? 0),
  );
  const placed = inStep(target, distinct, verdict).filter((item) => {
    if (!isOutOfStep(target, item)) return item.version !== 0;
    verdict.conflicts.push(item.candidate);
    return false;
  });
  loadAll(target, placed, verdict);
}

/** Leaves out versions that do not rise with lastUpdated inside the batch. */
function inStep(
  target: MergeTarget,
  batch: readonly Candidate[],
  verdict: Draft,
): readonly Placed[] {
  const placed: Placed[] = [];
  let previous = { key: '', version: Number.POSITIVE_INFINITY };
  for (const candidate of latestFirst(batch)) {
    const { type, id, version = 0, milliseconds = 0 } = candidate;
    const key = `${type}/${id}`;
    if (previous.key !== key) previous = { key, version: Number.POSITIVE_INFINITY };
    const isRefused = version < 0 ? !target.allowNegativeVersions : version >= previous.version;
    if (version >= 0) previous = { key, version };
    if (isRefused) verdict.conflicts.push(candidate);
    else placed.push({ candidate, version, milliseconds });
  }
  return placed;
}

/** The number is taken, or stands on the other side of the current version than lastUpdated does. */
function isOutOfStep(target: MergeTarget, { candidate, version, milliseconds }: Placed): boolean {
  const { type, id } = candidate;
  const current = target.current(type, id);
  if (current === undefined) return false;
  if (target.has(type, id, version)) return true;
  const instant = target.instantOf(current);
  return (
    version > 0 &&
    ((instant > milliseconds && current.version < version) ||
      (instant < milliseconds && current.version > version))
  );
}

/** Without a version: after the current one the next number, before it a free or a negative one. */
function mergeDated(target: MergeTarget, batch: readonly Candidate[], verdict: Draft): void {
  const placed: Placed[] = [];
  for (const ofOne of byResource(batch)) {
    const [first] = ofOne;
    if (first === undefined) continue;
    const current = target.current(first.type, first.id);
    const limit = current === undefined ? Number.NEGATIVE_INFINITY : target.instantOf(current);
    const isLate = ({ milliseconds = 0 }: Candidate) => milliseconds < limit;
    const late = latestFirst(ofOne.filter(isLate));
    late.forEach((candidate, index) => {
      const { milliseconds = 0 } = candidate;
      const version = slotFor(target, candidate, index + 1);
      const isTaken = version === 0 || target.has(candidate.type, candidate.id, version);
      if (isTaken || (version < 0 && !target.allowNegativeVersions)) {
        verdict.conflicts.push(candidate);
      } else placed.push({ candidate, version, milliseconds });
    });
    const onTime = latestFirst(ofOne.filter((candidate) => !isLate(candidate))).toReversed();
    onTime.forEach((candidate, index) => {
      const version = (current?.version ?? 0) + index + 1;
      placed.push({ candidate, version, milliseconds: candidate.milliseconds ?? 0 });
    });
  }
  loadAll(target, placed, verdict);
}

/** A number in the gap between the neighbours when it has room for all late arrivals so far, else a negative one. */
function slotFor(target: MergeTarget, candidate: Candidate, place: number): number {
  const { type, id, milliseconds = 0 } = candidate;
  const { lower = 0, upper = 1, lowest = 0 } = target.neighbours(type, id, milliseconds);
  return upper - lower > place ? upper - place : lowest - place;
}

function mergeUndated(target: MergeTarget, candidate: Candidate, verdict: Draft): void {
  const current = target.current(candidate.type, candidate.id);
  const isSame = current !== undefined && !candidate.isDeleted && equals(candidate, current);
  if (isSame) verdict.loaded.push(candidate);
  else {
    const version = (current?.version ?? 0) + 1;
    loadAll(target, [{ candidate, version, milliseconds: target.now() }], verdict);
  }
}

/** The highest version of a resource first: so only it is indexed, and only to stay. */
function loadAll(target: MergeTarget, placed: readonly Placed[], verdict: Draft): void {
  for (const item of placed.toSorted((left, right) => right.version - left.version)) {
    if (target.load(item.candidate, item.version, item.milliseconds)) {
      verdict.loaded.push(item.candidate);
    } else verdict.isFull = true;
  }
}

function best(
  batch: readonly Candidate[],
  keyOf: (candidate: Candidate) => string,
  isBetter: (left: Candidate, right: Candidate) => boolean,
): readonly Candidate[] {
  const kept = new Map<string, Candidate>();
  for (const candidate of batch) {
    const key = keyOf(candidate);
    const other = kept.get(key);
    if (other === undefined || isBetter(candidate, other)) kept.set(key, candidate);
  }
  return kept.size === batch.length ? batch : [...kept.values()];
}

function byResource(batch: readonly Candidate[]): readonly (readonly Candidate[])[] {
  return [...Map.groupBy(batch, ({ type, id }) => `${type}/${id}`).values()];
}

/** Resource by resource, in each the latest lastUpdated first. */
function latestFirst(batch: readonly Candidate[]): readonly Candidate[] {
  const groups = byResource(batch);
  if (groups.length === batch.length) return batch;
  return groups.flatMap((group) =>
    group.toSorted((left, right) => (right.milliseconds ?? 0) - (left.milliseconds ?? 0)),
  );
}
