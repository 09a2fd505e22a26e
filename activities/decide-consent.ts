import { type ConsentDecision, patientsOf } from '../shared/consent/index.ts';
import type { FhirResource } from '../shared/fhir/index.ts';
import type { FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { decide, type PatientWishes, readConsents, readWishes } from './patient-decisions.ts';
import { noEnabledMap } from './read-changes.ts';
import { type CurrentResource, loadBodies, partsOf } from './resources.ts';
import { clinicalTypes } from './row-places.ts';

export interface DecideConsentInput {
  readonly resources: readonly CurrentResource[];
}

/** A resource that may go to Dataverse, and the patients it is about, if any, as `Patient/id`. */
export interface PermittedResource extends CurrentResource {
  readonly patients: readonly string[];
}

export interface DecideConsentOutput {
  readonly permitted: readonly PermittedResource[];
  readonly ended: readonly ResourceEnding[];
  /** Refused by consent: rows of earlier versions have to go. A switched-off contact keeps its rows. */
  readonly refused: readonly string[];
  readonly failed: readonly FailedResource[];
}

interface Candidate {
  readonly resource: CurrentResource;
  readonly body: FhirResource;
  readonly patients: readonly string[];
  /** Of a type that is always about a patient, but whom it is about cannot be told. */
  readonly anonymous: boolean;
}

/**
 * The consent gate. Evaluated now, against the Consents that the FHIR service
 * has now and the switch on the contact (DESIGN §2.3). Before it answers
 * "withheld" it marks the patient and looks once more: a permit that arrived in
 * between either is seen here, or sees the mark and brings the data after.
 */
export async function decideConsent(
  deps: ActivityDependencies,
  { resources }: DecideConsentInput,
): Promise<DecideConsentOutput> {
  const bodies = await loadBodies(deps, resources);
  const clinical = await clinicalTypes(deps, typesOf(resources));
  const candidates: Candidate[] = [];
  const failed: FailedResource[] = [];
  for (const resource of resources) {
    const body = bodies.get(resource.reference);
    if (body === undefined)
      failed.push({ reference: resource.reference, step: 'reading the body again' });
    else candidates.push(candidateFor(deps, { resource, body, clinical }));
  }
  const patients = [...new Set(candidates.flatMap((candidate) => candidate.patients))];
  const wishes = await readWishes(deps, patients);
  const withheld = candidates.filter((candidate) => isDenied(deps, candidate, wishes));
  const settled = withheld.length === 0 ? wishes : await markAndLookAgain(deps, withheld, wishes);
  return { ...answers(deps, candidates, settled), failed };
}

function candidateFor(
  { fhirUrl }: ActivityDependencies,
  {
    clinical,
    ...known
  }: Pick<Candidate, 'resource' | 'body'> & { readonly clinical: ReadonlySet<string> },
): Candidate {
  const patients = patientsOf(known.body, fhirUrl);
  const isClinical = clinical.has(partsOf(known.resource.reference).resourceType);
  return { ...known, patients, anonymous: patients.length === 0 && isClinical };
}

const typesOf = (resources: readonly Pick<CurrentResource, 'reference'>[]): readonly string[] =>
  resources.map(({ reference }) => partsOf(reference).resourceType);

async function markAndLookAgain(
  deps: ActivityDependencies,
  withheld: readonly Candidate[],
  wishes: PatientWishes,
): Promise<PatientWishes> {
  const patients = [...new Set(withheld.flatMap((candidate) => candidate.patients))];
  await deps.ledger.withheldPatients.mark(patients);
  const again = await readConsents(deps, patients);
  return { ...wishes, consents: new Map([...wishes.consents, ...again]) };
}

function answers(
  deps: ActivityDependencies,
  candidates: readonly Candidate[],
  wishes: PatientWishes,
): Pick<DecideConsentOutput, 'permitted' | 'ended' | 'refused'> {
  const permitted: PermittedResource[] = [];
  const ended: ResourceEnding[] = [];
  const refused: string[] = [];
  for (const candidate of candidates) {
    const reason = refusal(deps, candidate, wishes);
    const { resource, patients } = candidate;
    const isMapped = deps.pack.roots.has(partsOf(resource.reference).resourceType);
    const isRefused = reason !== undefined && reason !== switchedOff;
    if (!isMapped && !isRefused) ended.push(unmapped(resource));
    else if (reason === undefined) permitted.push({ ...resource, patients });
    else ended.push({ ...endingOf(resource), reason });
    if (isRefused) refused.push(resource.reference);
  }
  return { permitted, ended, refused };
}

/**
 * Which of these resources consent refuses at this moment. What FHIR no longer
 * has counts as refused: its rows have to go as well.
 */
export async function refusedNow(
  deps: ActivityDependencies,
  references: readonly string[],
): Promise<ReadonlySet<string>> {
  const read = await deps.fhir.readCurrent(references.map(partsOf));
  const clinical = await clinicalTypes(
    deps,
    references.map((reference) => partsOf(reference).resourceType),
  );
  const refused = new Set<string>();
  const candidates: Candidate[] = [];
  references.forEach((reference, index) => {
    const result = read[index];
    if (result?.kind === 'current') {
      const { versionId, lastUpdated, resource: body } = result;
      const resource = { reference, versionId, lastUpdated };
      candidates.push(candidateFor(deps, { resource, body, clinical }));
    } else if (result?.kind === 'gone' || result?.kind === 'missing') {
      refused.add(reference);
    }
  });
  const patients = [...new Set(candidates.flatMap((candidate) => candidate.patients))];
  const consents = await readConsents(deps, patients);
  for (const candidate of candidates) {
    const wishes = { consents, switchedOff: new Set<string>() };
    if (isDenied(deps, candidate, wishes)) refused.add(candidate.resource.reference);
  }
  return refused;
}

/**
 * Of these resources, those that would end as withheld at this moment, by consent
 * or by the switch on the contact. For looking ahead: nothing is marked.
 */
export async function withheldNow(
  deps: ActivityDependencies,
  resources: readonly FhirResource[],
): Promise<ReadonlySet<string>> {
  const clinical = await clinicalTypes(
    deps,
    resources.map(({ resourceType }) => resourceType),
  );
  const candidates = resources.map((body) => {
    const reference = `${body.resourceType}/${body.id ?? ''}`;
    const resource = { reference, versionId: '', lastUpdated: '' };
    return candidateFor(deps, { resource, body, clinical });
  });
  const patients = [...new Set(candidates.flatMap((candidate) => candidate.patients))];
  const wishes = await readWishes(deps, patients);
  const withheld = candidates.filter((candidate) => isDenied(deps, candidate, wishes));
  return new Set(withheld.map(({ resource }) => resource.reference));
}

const switchedOff = 'the switch on the contact is off';

/** Its map is disabled: what it left may stay, and nothing is added. */
const unmapped = ({ reference, versionId }: CurrentResource): ResourceEnding => ({
  reference,
  versionId,
  kind: 'skipped',
  reason: noEnabledMap,
});

const endingOf = ({ reference, versionId }: CurrentResource) =>
  ({ reference, versionId, kind: 'withheld' }) as const;

const isDenied = (
  deps: ActivityDependencies,
  candidate: Candidate,
  wishes: PatientWishes,
): boolean => refusal(deps, candidate, wishes) !== undefined;

/** Why a resource may not go to Dataverse. Whoever of its patients refuses decides for all of it. */
function refusal(
  deps: ActivityDependencies,
  { patients, anonymous, body }: Candidate,
  wishes: PatientWishes,
): string | undefined {
  if (anonymous && deps.consent.policy.defaultDecision === 'deny') return untold;
  for (const patient of patients) {
    const decision = decide(deps, { patient, resource: body, wishes });
    if (decision.kind === 'deny') return describe(decision);
  }
  return patients.some((patient) => wishes.switchedOff.has(patient)) ? switchedOff : undefined;
}

const untold = 'consent: whom it is about cannot be told, and the default is deny';

/** The decision in references: which Consent, which version, which of its provisions. */
export function describe({ basis, consentId, consentVersion, rulePath }: ConsentDecision): string {
  if (consentId === undefined) return `consent: ${basis}`;
  const version = consentVersion === undefined ? '' : `/_history/${consentVersion}`;
  return `consent: Consent/${consentId}${version}${rulePath ? ` at ${rulePath}` : ''}`;
}
