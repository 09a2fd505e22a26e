import { isFhirResource, isRecord } from '../fhir/index.ts';
import type { Concept } from './coding.ts';
import {
  consentSchema,
  type Period,
  type ProvisionElement,
  provisionSchema,
  type Reference,
  withoutPrimitiveExtensions,
} from './consent-schema.ts';
import { type DateRange, rangeOfDate, rangeOfPeriod } from './date-range.ts';

export type RuleType = 'permit' | 'deny';

/** One provision, its dates read, its nested provisions parsed. */
export interface Rule
  extends Omit<ProvisionElement, 'type' | 'period' | 'dataPeriod' | 'provision'> {
  /** What it decides; undefined at a root without type and policy rule, which decides nothing. */
  readonly decides: RuleType | undefined;
  readonly path: string;
  readonly period: DateRange;
  readonly dataPeriod: DateRange | undefined;
  readonly exceptions: readonly Rule[];
}

export interface ActiveConsent {
  readonly patient: Reference | undefined;
  readonly scope: Concept | undefined;
  readonly categories: readonly Concept[];
  readonly dateTime: DateRange | undefined;
  readonly root: Rule;
}

/** Nesting beyond this is taken for an attack, not a consent. */
const deepest = 16;

/** Reads an active consent. Undefined when it is not wholly understood: then nothing may be sent. */
export function parseConsent(consent: unknown): ActiveConsent | undefined {
  if (!isFhirResource(consent)) {
    return undefined;
  }
  const parsed = consentSchema.safeParse(withoutPrimitiveExtensions(consent));
  if (!parsed.success) {
    return undefined;
  }
  const { patient, scope, category = [], dateTime, policyRule, provision } = parsed.data;
  const signed = dateTime === undefined ? undefined : rangeOfDate(dateTime);
  const isUnreadableDate = dateTime !== undefined && signed === undefined;
  const root = parseRoot(provision, policyOf(policyRule));
  if (root === undefined || isUnreadableDate) {
    return undefined;
  }
  return { patient, scope, categories: category, dateTime: signed, root };
}

function parseRoot(provision: unknown, policy: RuleType | undefined): Rule | undefined {
  const root = parseRule(provision === undefined ? {} : provision, { path: 'provision', depth: 0 });
  if (root === undefined || root.decides !== undefined) {
    return root;
  }
  return { ...root, decides: policy, path: policy === undefined ? root.path : 'policyRule' };
}

interface Position {
  readonly path: string;
  readonly depth: number;
}

function parseRule(provision: unknown, { path, depth }: Position): Rule | undefined {
  if (depth > deepest || !isRecord(provision)) {
    return undefined;
  }
  const parsed = provisionSchema.safeParse(withoutPrimitiveExtensions(provision));
  if (!parsed.success) {
    return undefined;
  }
  const { type, period, dataPeriod, provision: nested = [], ...criteria } = parsed.data;
  const exceptions = nested.map((exception, index) =>
    parseRule(exception, { path: `${path}.provision[${index}]`, depth: depth + 1 }),
  );
  const range = rangeOf(period ?? {});
  const dataRange = dataPeriod === undefined ? undefined : rangeOf(dataPeriod);
  const isUnreadableDate = dataPeriod !== undefined && dataRange === undefined;
  if (range === undefined || isUnreadableDate || !allParsed(exceptions)) {
    return undefined;
  }
  // A nested provision must have a type (R4); without one its meaning is open, so it denies.
  const decides = type ?? (depth === 0 ? undefined : 'deny');
  return { ...criteria, decides, path, period: range, dataPeriod: dataRange, exceptions };
}

function rangeOf(period: Period): DateRange | undefined {
  return rangeOfPeriod(period.start, period.end);
}

function allParsed(rules: readonly (Rule | undefined)[]): rules is readonly Rule[] {
  return !rules.includes(undefined);
}

/** HL7 v3-ActCode as the R4 Consent page uses it; anything else sets no base. */
const policies: ReadonlyMap<string | undefined, RuleType> = new Map([
  ['OPTIN', 'permit'],
  ['OPTINR', 'permit'],
  ['OPTOUT', 'deny'],
  ['OPTOUTE', 'deny'],
]);

function policyOf(policyRule: Concept | undefined): RuleType | undefined {
  const types = (policyRule?.coding ?? [])
    .filter(({ system }) => system === 'http://terminology.hl7.org/CodeSystem/v3-ActCode')
    .map(({ code }) => policies.get(code))
    .filter((type) => type !== undefined);
  return types.includes('deny') ? 'deny' : types[0];
}
