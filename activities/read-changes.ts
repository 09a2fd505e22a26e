import { patientsOf } from '../shared/consent/index.ts';
import type { Change } from '../shared/events/index.ts';
import type { ReadResult } from '../shared/fhir/index.ts';
import {
  compareVersions,
  type FailedResource,
  type ResourceEnding,
  referenceOf,
} from '../shared/outcomes/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type CurrentResource, keep, partsOf } from './resources.ts';
import { typesWithPlaces } from './row-places.ts';

export interface ReadChangesInput {
  readonly changes: readonly Change[];
}

export interface ReadChangesOutput {
  readonly current: readonly CurrentResource[];
  /** Deleted in FHIR: their rows have to go. */
  readonly gone: readonly string[];
  /** Patients whose Consent changed, `Patient/id`. */
  readonly consentTurns: readonly string[];
  readonly ended: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
}

/**
 * Reads the current version of everything that changed, whatever version the
 * events spoke of: order and duplicates of events do not matter (DESIGN §2).
 * Resources that no map was ever in use for are not read at all. Those whose map is
 * disabled are: a deletion or a refusal has to reach the rows that it left.
 */
export async function readChanges(
  deps: ActivityDependencies,
  { changes }: ReadChangesInput,
): Promise<ReadChangesOutput> {
  const references = [...new Set(changes.map(referenceOf))];
  const types = await readableTypes(deps, references);
  const isReadable = (reference: string) => types.has(partsOf(reference).resourceType);
  const readable = references.filter(isReadable);
  const ended: ResourceEnding[] = references
    .filter((reference) => !isReadable(reference))
    .map((reference) => ({ reference, kind: 'skipped', reason: noEnabledMap }));
  const results = readable.length > 0 ? await deps.fhir.readCurrent(readable.map(partsOf)) : [];
  const output = { current: [], gone: [], failed: [], ended } as Sorted;
  const consents = results.filter(({ reference }) => reference.resourceType === 'Consent');
  const earlier = await earlierConsents(deps, changes, consents);
  for (const result of results) {
    const before = earlier.get(referenceOf(result.reference));
    sort(
      deps,
      before?.kind === 'failed' ? { ...before, reference: result.reference } : result,
      output,
    );
  }
  return { ...output, consentTurns: patientsOfConsents(deps, [...consents, ...earlier.values()]) };
}

/** Why a change ends without a row. */
export const noEnabledMap = 'no enabled map for this type';

interface Sorted {
  readonly current: CurrentResource[];
  readonly gone: string[];
  readonly failed: FailedResource[];
  readonly ended: ResourceEnding[];
}

async function readableTypes(
  deps: ActivityDependencies,
  references: readonly string[],
): Promise<ReadonlySet<string>> {
  const inUse = new Set([...deps.pack.roots.keys(), 'Consent']);
  const all = references.every((reference) => inUse.has(partsOf(reference).resourceType));
  return all ? inUse : new Set([...inUse, ...(await typesWithPlaces(deps))]);
}

function sort(deps: ActivityDependencies, result: ReadResult, output: Sorted): void {
  const reference = referenceOf(result.reference);
  switch (result.kind) {
    case 'current': {
      const { versionId, lastUpdated } = result;
      keep(deps.versions, result);
      if (reference.startsWith('Consent/')) output.ended.push(consentEnding(reference, versionId));
      else output.current.push({ reference, versionId, lastUpdated });
      return;
    }
    case 'gone':
    case 'missing':
      if (reference.startsWith('Consent/')) output.ended.push(consentEnding(reference));
      else output.gone.push(reference);
      return;
    case 'failed':
      output.failed.push({ reference, step: 'reading from FHIR', ...waitOf(result) });
      return;
    case 'unreadable':
      output.ended.push(unreadable(reference, result.status));
  }
}

/** A Consent has no row of its own; what it says is carried out by the consent turn. */
function consentEnding(reference: string, versionId?: string): ResourceEnding {
  const version = versionId === undefined ? {} : { versionId };
  return {
    reference,
    kind: 'skipped',
    reason: 'consent: the patient is evaluated again',
    ...version,
  };
}

function unreadable(reference: string, status: number): ResourceEnding {
  return {
    reference,
    kind: 'rejected',
    problem: {
      cause: 'fhir-unreadable',
      code: String(status),
      remedy:
        'Read the resource with the rights of this app and correct what the FHIR service answers.',
    },
  };
}

/**
 * The versions before: a deleted Consent names its patient there, and one that was
 * put to another patient says there whose it was.
 */
async function earlierConsents(
  { fhir }: ActivityDependencies,
  changes: readonly Change[],
  consents: readonly ReadResult[],
): Promise<ReadonlyMap<string, ReadResult>> {
  const wanted = consents.flatMap(({ reference, ...result }) => {
    const at = result.kind === 'current' ? result.versionId : newestVersion(changes, reference.id);
    const versionId = versionBefore(at);
    return versionId === undefined ? [] : [{ ...reference, versionId }];
  });
  const read = wanted.length > 0 ? await fhir.readVersions(wanted) : [];
  return new Map(read.map((result) => [referenceOf(result.reference), result]));
}

function patientsOfConsents(
  { fhirUrl }: ActivityDependencies,
  consents: readonly ReadResult[],
): readonly string[] {
  const patients = consents.flatMap((result) =>
    result.kind === 'current' ? patientsOf(result.resource, fhirUrl) : [],
  );
  return [...new Set(patients)];
}

/** The highest version of a Consent that the changes speak of: of a deleted one, its deletion. */
function newestVersion(changes: readonly Change[], id: string): string | undefined {
  return changes
    .filter((change) => change.resourceType === 'Consent' && change.id === id)
    .flatMap(({ versionId }) => versionId ?? [])
    .sort((left, right) => compareVersions(left, right))
    .at(-1);
}

function versionBefore(versionId: string | undefined): string | undefined {
  const version = Number(versionId);
  return Number.isSafeInteger(version) && version > 1 ? String(version - 1) : undefined;
}

const waitOf = ({ retryAfterSeconds }: { readonly retryAfterSeconds?: number }) =>
  retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
