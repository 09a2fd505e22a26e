import { patientsOf } from '../shared/consent/index.ts';
import type { Change } from '../shared/events/index.ts';
import type { ReadResult } from '../shared/fhir/index.ts';
import { type FailedResource, type ResourceEnding, referenceOf } from '../shared/outcomes/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { type CurrentResource, keep, partsOf } from './resources.ts';

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
 * Resources without a map are not read at all.
 */
export async function readChanges(
  deps: ActivityDependencies,
  { changes }: ReadChangesInput,
): Promise<ReadChangesOutput> {
  const references = [...new Set(changes.map(referenceOf))];
  const readable = references.filter((reference) => isReadable(deps, reference));
  const ended: ResourceEnding[] = references
    .filter((reference) => !isReadable(deps, reference))
    .map((reference) => ({ reference, kind: 'skipped', reason: 'no enabled map for this type' }));
  const results = readable.length > 0 ? await deps.fhir.readCurrent(readable.map(partsOf)) : [];
  const output = { current: [], gone: [], failed: [], ended } as Sorted;
  for (const result of results) sort(deps, result, output);
  return { ...output, consentTurns: await consentTurns(deps, { changes, results }) };
}

interface Sorted {
  readonly current: CurrentResource[];
  readonly gone: string[];
  readonly failed: FailedResource[];
  readonly ended: ResourceEnding[];
}

const isReadable = ({ pack }: ActivityDependencies, reference: string): boolean =>
  pack.roots.has(partsOf(reference).resourceType) || reference.startsWith('Consent/');

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

interface ConsentReading {
  readonly changes: readonly Change[];
  readonly results: readonly ReadResult[];
}

/** Whose Consent changed. A deleted Consent names its patient in the version before. */
async function consentTurns(
  { fhir, fhirUrl }: ActivityDependencies,
  { changes, results }: ConsentReading,
): Promise<readonly string[]> {
  const consents = results.filter(({ reference }) => reference.resourceType === 'Consent');
  const deleted = consents.flatMap(({ kind, reference }) => {
    const versionId = kind === 'gone' ? versionBefore(changes, reference.id) : undefined;
    return versionId === undefined ? [] : [{ ...reference, versionId }];
  });
  const previous = deleted.length > 0 ? await fhir.readVersions(deleted) : [];
  const patients = [...consents, ...previous].flatMap((result) =>
    result.kind === 'current' ? patientsOf(result.resource, fhirUrl) : [],
  );
  return [...new Set(patients)];
}

function versionBefore(changes: readonly Change[], id: string): string | undefined {
  const versions = changes
    .filter((change) => change.resourceType === 'Consent' && change.id === id)
    .map(({ versionId }) => Number(versionId))
    .filter((version) => Number.isSafeInteger(version) && version > 1);
  return versions.length === 0 ? undefined : String(Math.max(...versions) - 1);
}

const waitOf = ({ retryAfterSeconds }: { readonly retryAfterSeconds?: number }) =>
  retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
