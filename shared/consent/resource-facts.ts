import { type FhirResource, isRecord, referenceText } from '../fhir/index.ts';
import { codingSchema, tokenOf } from './coding.ts';
import type { ConsentedResource } from './contract.ts';

/**
 * What consents can ask about a resource. Codes are all codings anywhere in the instance, as R4
 * defines Consent.provision.code ("if this code is found in an instance"). Where its main concept
 * is only text, the codes are left out: unknown, which never helps a permit.
 */
export function consentRequestResource(resource: FhirResource): ConsentedResource {
  const found = collect(resource);
  const authors = authorKeys.flatMap((key) => collect(resource[key]).references);
  const date = dateOf(resource);
  const { resourceType, id, meta } = resource;
  return {
    resourceType,
    reference: id === undefined ? resourceType : referenceText({ resourceType, id }),
    ...(hasUncodedConcept(resource) ? {} : { codes: [...new Set(found.codes)] }),
    labels: collectCodings(meta?.['security']),
    profiles: texts(meta?.['profile']),
    ...(date === undefined ? {} : { date }),
    references: [...new Set(found.references)],
    ...(authors.length === 0 ? {} : { authors: [...new Set(authors)] }),
  };
}

interface Found {
  readonly codes: string[];
  readonly references: string[];
}

function collect(root: unknown): Found {
  const found: Found = { codes: [], references: [] };
  for (const element of elementsOf(root)) {
    const { reference, coding } = element;
    if (typeof reference === 'string') {
      found.references.push(reference);
    }
    found.codes.push(...collectCodings(coding), ...loneCoding(element));
  }
  return found;
}

/**
 * Every JSON object in a resource. Without recursion: it may be nested as deep as its sender
 * likes. Codings inside of concepts are left to the concept.
 */
function* elementsOf(root: unknown): Generator<Readonly<Record<string, unknown>>> {
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (isRecord(value)) {
      yield value;
      const { coding: _, ...others } = value;
      append(pending, Object.values(others));
    } else if (Array.isArray(value)) {
      append(pending, value);
    }
  }
}

/** One by one: spreading a very long array into a call would overflow the stack. */
function append(list: unknown[], values: readonly unknown[]): void {
  for (const value of values) {
    list.push(value);
  }
}

/** A Coding outside of a concept, such as Encounter.class: known by its system. */
function loneCoding(element: Readonly<Record<string, unknown>>): readonly string[] {
  return 'system' in element && 'code' in element ? collectCodings([element]) : [];
}

function collectCodings(codings: unknown): readonly string[] {
  return listOf(codings)
    .map((coding) => codingSchema.safeParse(coding).data)
    .map((coding) => coding && tokenOf(coding))
    .filter((token) => token !== undefined);
}

const conceptKeys = [
  ...['code', 'type', 'category', 'vaccineCode', 'medicationCodeableConcept', 'productCode'],
];

function hasUncodedConcept(resource: FhirResource): boolean {
  return conceptKeys
    .flatMap((key) => listOf(resource[key]))
    .some((concept) => isRecord(concept) && 'text' in concept && !('coding' in concept));
}

const authorKeys = [
  ...['author', 'recorder', 'asserter', 'performer', 'requester', 'informationSource', 'source'],
];

const dateKeys = [
  ...['effective', 'occurrence', 'performed', 'onset', 'serviced', 'collected', 'timing'],
  ...['period', 'start', 'date', 'dateTime', 'authoredOn', 'recordedDate', 'recorded', 'issued'],
  ...['created', 'whenHandedOver', 'started', 'sent', 'dateAsserted', 'dateWritten'],
];

/** The first clinically relevant time, in the order above; `start/end` for a period. */
function dateOf(resource: FhirResource): string | undefined {
  for (const key of dateKeys) {
    const plain = [resource[key], resource[`${key}DateTime`], resource[`${key}Instant`]];
    const text = plain.find((value) => typeof value === 'string');
    if (text !== undefined) {
      return text;
    }
    const period = [resource[key], resource[`${key}Period`]].find(isRecord);
    if (period !== undefined && ('start' in period || 'end' in period)) {
      return `${texts([period['start']])}/${texts([period['end']])}`;
    }
  }
  return undefined;
}

function listOf(value: unknown): readonly unknown[] {
  if (value === undefined || value === null) {
    return [];
  }
  return Array.isArray(value) ? value : [value];
}

function texts(value: unknown): readonly string[] {
  return listOf(value).filter((element) => typeof element === 'string');
}
