import { isResourceId, isResourceType, type ResourceReference } from '../fhir/index.ts';

/** What is wrong with an event, where (below the event) and what a person can do. */
export interface EventProblem {
  readonly field: string;
  readonly problem: string;
  readonly remedy: string;
}

export type ReadData =
  | { readonly kind: 'read'; readonly version: ResourceReference & { readonly versionId?: string } }
  | { readonly kind: 'problem'; readonly problem: EventProblem };

/** Judges the `data` of a FHIR event: which version of which resource of which FHIR account. */
export function readResourceData(
  data: Readonly<Record<string, unknown>>,
  accounts: ReadonlySet<string> | undefined,
): ReadData {
  const { resourceType, resourceFhirId, resourceVersionId, resourceFhirAccount } = data;
  if (!isResourceType(resourceType)) {
    return problem({
      field: '.data.resourceType',
      problem: 'The resource type is missing or not a FHIR type name.',
      remedy: 'Deliver the events of a FHIR service unchanged; types look like "Patient".',
    });
  }
  if (!isResourceId(resourceFhirId)) {
    return problem({
      field: '.data.resourceFhirId',
      problem: 'The resource id is missing or not a FHIR id.',
      remedy: 'Repair the resource that the event is about from a backfill, by its real id.',
    });
  }
  const versionId = versionOf(resourceVersionId);
  if (resourceVersionId !== undefined && versionId === undefined) {
    return problem({
      field: '.data.resourceVersionId',
      problem: 'The version is neither a whole number nor a FHIR id.',
      remedy: 'Leave the version out to read the current one, or resend the event unchanged.',
    });
  }
  if (accounts !== undefined && !isAmong(accounts, resourceFhirAccount)) {
    return problem({
      field: '.data.resourceFhirAccount',
      problem: 'The event comes from a FHIR service that is not configured.',
      remedy:
        'Add the FHIR account to the settings, or filter the event subscription by its subject.',
    });
  }
  const version = versionId === undefined ? {} : { versionId };
  return { kind: 'read', version: { resourceType, id: resourceFhirId, ...version } };
}

function problem(found: EventProblem): ReadData {
  return { kind: 'problem', problem: found };
}

function isAmong(accounts: ReadonlySet<string>, account: unknown): boolean {
  return typeof account === 'string' && accounts.has(account.toLowerCase());
}

/** A number on Azure Health Data Services; text is taken too, for services with other version ids. */
function versionOf(version: unknown): string | undefined {
  if (typeof version === 'number') {
    return Number.isSafeInteger(version) && version >= 0 ? String(version) : undefined;
  }
  return isResourceId(version) ? version : undefined;
}
