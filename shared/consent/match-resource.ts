import { type Certainty, certain, some } from './certainty.ts';
import { type Coding, type Concept, codingsMatch, conceptsMatch, tokenOf } from './coding.ts';
import type { ConsentedResource, ConsentRequest } from './contract.ts';
import { rangeOfInterval, within } from './date-range.ts';
import type { Rule, RuleType } from './parse-consent.ts';
import { referenceMatches } from './reference-match.ts';

const resourceTypeSystems = new Set<string | undefined>([
  'http://hl7.org/fhir/resource-types',
  'http://hl7.org/fhir/fhir-types',
]);

/** `class`: a resource type, a profile, or a code that the instance bears, such as a document type. */
export function classMatches(coding: Coding, resource: ConsentedResource): Certainty {
  const { system, code } = coding;
  if (code === undefined) {
    return 'unknown';
  }
  if (resourceTypeSystems.has(system)) {
    return certain(code === resource.resourceType);
  }
  if (system === undefined && code === resource.resourceType) {
    return 'yes';
  }
  if (/^(?:https?:|urn:)/.test(code)) {
    return resource.profiles === undefined ? 'unknown' : certain(resource.profiles.includes(code));
  }
  return resource.codes === undefined ? 'unknown' : codingsMatch([coding], resource.codes);
}

/** `code`: found anywhere in the instance. */
export function codesMatch(
  concepts: readonly Concept[],
  codes: readonly string[] | undefined,
): Certainty {
  return codes === undefined ? 'unknown' : conceptsMatch(concepts, codes);
}

const confidentiality = 'http://terminology.hl7.org/CodeSystem/v3-Confidentiality';
/** From least to most confidential. */
const levels = ['U', 'L', 'M', 'N', 'R', 'V'];

/**
 * Confidentiality is a high water mark (R4 Consent.provision.securityLabel): a permit covers its
 * level and those below, a deny its level and those above. Other labels are compared for equality.
 */
export function labelsMatch(
  wanted: readonly Coding[],
  labels: readonly string[] | undefined,
  decides: RuleType,
): Certainty {
  if (labels === undefined) {
    return 'unknown';
  }
  const level = Math.max(...labels.map(levelOf));
  return some(
    wanted.map((coding) => {
      const mark = levelOf(tokenOf(coding) ?? '');
      if (mark < 0 || level < 0) {
        return codingsMatch([coding], labels);
      }
      return certain(decides === 'permit' ? level <= mark : level >= mark);
    }),
  );
}

/** -1 when the label is no level of confidentiality. */
function levelOf(label: string): number {
  const prefix = `${confidentiality}|`;
  return label.startsWith(prefix) ? levels.indexOf(label.slice(prefix.length)) : -1;
}

/** Records of who and where, which happen at no time: no period of data holds them. */
const timeless = new Set([
  ...['Patient', 'Person', 'RelatedPerson', 'Practitioner', 'PractitionerRole', 'Organization'],
  ...['OrganizationAffiliation', 'Location', 'HealthcareService', 'Endpoint', 'Device', 'Group'],
]);

export function dataPeriodMatches(
  rule: Rule,
  { resourceType, date }: ConsentedResource,
): Certainty {
  if (rule.dataPeriod === undefined) {
    return 'yes';
  }
  const range = date === undefined ? undefined : rangeOfInterval(date);
  if (range !== undefined) {
    return within(range, rule.dataPeriod);
  }
  return date === undefined && timeless.has(resourceType) ? 'no' : 'unknown';
}

type DataEntry = NonNullable<Rule['data']>[number];

/** R4 `consent-data-meaning`: what else than the instance itself a data reference takes in. */
export function dataMatches({ meaning, reference }: DataEntry, request: ConsentRequest): Certainty {
  const { resource, fhirBase } = request;
  const isInstance = referenceMatches(reference, [resource.reference], fhirBase);
  const among = (references: readonly string[] | undefined): Certainty => {
    if (references === undefined) {
      return 'unknown';
    }
    return references.length === 0 ? 'no' : referenceMatches(reference, references, fhirBase);
  };
  switch (meaning) {
    case 'instance':
      return isInstance;
    case 'dependents':
      return some([isInstance, among(resource.references)]);
    case 'authoredby':
      return among(resource.authors);
    case 'related':
      // What the instance refers to is written in the instance, which is not at hand here.
      return some([isInstance, 'unknown']);
  }
}
