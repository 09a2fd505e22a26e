import { isResourceType } from '../definitions.ts';
import { parseExact } from '../exact-json.ts';
import { isMarkedDeleted, withoutMark } from '../jobs/soft-delete.ts';
import { isArray, isObject, type Json, type JsonObject, objectAt, textAt } from '../json.ts';
import { nestsTooDeeply } from '../json-text.ts';
import type { Issue } from '../outcome.ts';
import { dateRange } from '../search/date-range.ts';
import type { UnitLine } from './unit-lines.ts';

/** A line that holds a resource, ready to be merged. */
export interface Candidate {
  readonly line: number;
  readonly type: string;
  readonly id: string;
  /** lastUpdated in milliseconds since 1970; undefined when the line has none. */
  readonly milliseconds: number | undefined;
  /** Undefined when the line has none that counts. */
  readonly version: number | undefined;
  readonly isDeleted: boolean;
  readonly resource: JsonObject;
}

export type ParsedLine =
  | { readonly kind: 'candidate'; readonly candidate: Candidate }
  | { readonly kind: 'refused'; readonly line: number; readonly cause: string };

export interface LineRules {
  /** The type every line must have, or null when any will do. */
  readonly type: string | null;
  readonly mode: 'IncrementalLoad' | 'InitialLoad';
  /** The clock of the service, in milliseconds since 1970. */
  readonly now: number;
  readonly checkResource: (resource: JsonObject) => readonly Issue[];
}

/** Clocks of one domain differ by less than this. */
const futureMilliseconds = 10_000;
const idSyntax = /^[A-Za-z0-9\-.]{1,64}$/;
const idRequirements =
  "Id must be any combination of upper or lower case ASCII letters ('A'..'Z', and 'a'..'z'), numerals ('0'..'9'), '-' and '.', with a length limit of 64 characters. (This might be an integer, an un-prefixed OID, UUID, or any other identifier pattern that meets these constraints.)";

/** Reads one NDJSON line by the rules of facts, migration 2.3 (1) and (7). */
export function parseLine({ text, number: line }: UnitLine, rules: LineRules): ParsedLine {
  const refused = (cause: string): ParsedLine => ({ kind: 'refused', line, cause });
  const resource = parseResource(text);
  if (resource === undefined) return refused('The line is no JSON object.');
  const type = textAt(resource, 'resourceType') ?? '';
  const cause = isResourceType(type)
    ? (problemOf(resource, type, rules) ?? '')
    : 'The line has no resourceType that FHIR R4 knows.';
  if (cause !== '') return refused(cause);
  const meta = objectAt(resource, 'meta') ?? {};
  const milliseconds = lastUpdated(meta, rules);
  if (milliseconds !== undefined && milliseconds > rules.now + futureMilliseconds) {
    return refused('LastUpdated in the resource cannot be in the future.');
  }
  const isDeleted = isMarkedDeleted(resource);
  return {
    kind: 'candidate',
    candidate: {
      line,
      type,
      id: textAt(resource, 'id') ?? '',
      milliseconds,
      version: milliseconds === undefined ? undefined : versionNumber(meta),
      isDeleted,
      resource: isDeleted ? withoutMark(resource) : resource,
    },
  };
}

function parseResource(text: string): JsonObject | undefined {
  if (nestsTooDeeply(text)) return undefined;
  try {
    const value = parseExact(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function problemOf(resource: JsonObject, type: string, rules: LineRules): string | undefined {
  const id = resource['id'];
  if (typeof id !== 'string' || !idSyntax.test(id)) {
    return `Invalid resource id: '${typeof id === 'string' && id !== '' ? id : 'null or empty'}'. ${idRequirements}`;
  }
  // A tombstone has an id and a meta only (facts, migration 2.3 rule 7).
  const [issue] = isMarkedDeleted(resource) ? [] : rules.checkResource(resource);
  if (issue !== undefined) return issue.diagnostics;
  if (rules.mode === 'InitialLoad' && hasConditionalReference(resource)) {
    return 'Conditional reference is not supported for $import in InitialLoad.';
  }
  if (rules.type !== null && rules.type !== type) return 'Resource type not match.';
  if (type === 'SearchParameter') {
    return 'SearchParameter resources cannot be processed by import.';
  }
  return undefined;
}

const canonicalInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

function lastUpdated(meta: JsonObject, { mode }: LineRules): number | undefined {
  const text = mode === 'InitialLoad' ? undefined : textAt(meta, 'lastUpdated');
  if (text === undefined) return undefined;
  return canonicalInstant.test(text) ? Date.parse(text) : dateRange(text)?.low;
}

/** A 32-bit whole number counts as a version; anything else is as none. */
function versionNumber(meta: JsonObject): number | undefined {
  const text = textAt(meta, 'versionId') ?? '';
  if (!/^[+-]?\d{1,10}$/.test(text)) return undefined;
  const number = Number(text);
  return Math.abs(number) < 2 ** 31 ? number : undefined;
}

function hasConditionalReference(value: Json | undefined): boolean {
  if (isArray(value)) return value.some(hasConditionalReference);
  if (!isObject(value)) return false;
  if (textAt(value, 'reference')?.includes('?')) return true;
  return Object.values(value).some(hasConditionalReference);
}
