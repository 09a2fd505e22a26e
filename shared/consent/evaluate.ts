import {
  isFhirResource,
  isRecord,
  isResourceId,
  parseReference,
  referenceText,
} from '../fhir/index.ts';
import { type Certainty, every } from './certainty.ts';
import { conceptsMatch } from './coding.ts';
import type { ConsentDecision, ConsentPolicy, ConsentRequest } from './contract.ts';
import { rangeOfDate } from './date-range.ts';
import { ruleMatches } from './match-rule.ts';
import { type ActiveConsent, parseConsent, type Rule, type RuleType } from './parse-consent.ts';
import { referenceMatches } from './reference-match.ts';
import { prevailing, type Verdict } from './verdict.ts';

/**
 * Decides whether one resource may be sent (facts: dataverse-and-events, Part C, evaluation rule).
 * Active consents of the patient in the configured scopes and categories count; the deepest
 * matching provision of each decides; conflicts go by policy; without any, the default holds. A
 * consent that counts but is not wholly understood denies. Pure, keeps nothing between calls, and
 * the order of the consents does not matter.
 *
 * @param consents Consent resources as read, of this patient.
 */
export function evaluateConsent(
  consents: readonly unknown[],
  request: ConsentRequest,
  policy: ConsentPolicy,
): ConsentDecision {
  if (rangeOfDate(request.at) === undefined) {
    return { kind: 'deny', basis: 'unreadable' };
  }
  const verdicts = consents
    .filter((consent) => mayCount(consent, request))
    .map((consent) => verdictOf(consent, request, policy))
    .filter((verdict) => verdict !== undefined);
  return (
    prevailing(verdicts, policy.conflict) ?? { kind: policy.defaultDecision, basis: 'default' }
  );
}

const withoutForce: ReadonlySet<unknown> = new Set([
  'draft',
  'proposed',
  'rejected',
  'inactive',
  'entered-in-error',
]);

/** False for what clearly has no say: another status, or another patient's consent. */
function mayCount(consent: unknown, request: ConsentRequest): boolean {
  if (!isFhirResource(consent) || consent.resourceType !== 'Consent') {
    return true; // unreadable, which denies
  }
  if (withoutForce.has(consent['status'])) {
    return false;
  }
  const patient = consent['patient'];
  const reference = isRecord(patient) ? patient['reference'] : undefined;
  const known =
    typeof reference === 'string' ? parseReference(reference, request.fhirBase) : undefined;
  return known === undefined || referenceText(known) === request.patient;
}

function verdictOf(
  consent: unknown,
  request: ConsentRequest,
  policy: ConsentPolicy,
): Verdict | undefined {
  const source = sourceOf(consent);
  const active = parseConsent(consent);
  if (active === undefined) {
    return { ...source, kind: 'deny', basis: 'unreadable', signed: undefined };
  }
  const concern = concernOf(active, request, policy);
  const rule = deepestOf(matching({ rule: active.root, depth: 0, certainty: concern }, request));
  return rule && { ...source, ...rule, basis: 'consent', signed: active.dateTime };
}

function concernOf(
  { patient, scope, categories }: ActiveConsent,
  request: ConsentRequest,
  policy: ConsentPolicy,
): Certainty {
  return every([
    referenceMatches(patient, [request.patient], request.fhirBase),
    policy.scopes.length === 0 ? 'yes' : conceptsMatch([scope ?? {}], policy.scopes),
    policy.categories.length === 0
      ? 'yes'
      : conceptsMatch(categories.length === 0 ? [{}] : categories, policy.categories),
  ]);
}

interface Standing {
  readonly rule: Rule;
  readonly depth: number;
  /** That everything above it matches. */
  readonly certainty: Certainty;
}

interface Match {
  readonly kind: RuleType;
  readonly depth: number;
  readonly rulePath: string;
}

/** A permit counts only when it and all above it match for certain; a deny also when they may. */
function matching({ rule, depth, certainty }: Standing, request: ConsentRequest): readonly Match[] {
  const matches = every([certainty, ruleMatches(rule, request)]);
  if (matches === 'no') {
    return [];
  }
  const decides = rule.decides === 'permit' && matches !== 'yes' ? undefined : rule.decides;
  const own = decides === undefined ? [] : [{ kind: decides, depth, rulePath: rule.path }];
  const exceptions = rule.exceptions.flatMap((exception) =>
    matching({ rule: exception, depth: depth + 1, certainty: matches }, request),
  );
  return [...own, ...exceptions];
}

/** The deepest match; a deny among equally deep ones; the first of those. */
function deepestOf(matches: readonly Match[]): Omit<Match, 'depth'> | undefined {
  const depth = Math.max(...matches.map((match) => match.depth));
  const candidates = matches.filter((match) => match.depth === depth);
  const chosen = candidates.find(({ kind }) => kind === 'deny') ?? candidates[0];
  return chosen && { kind: chosen.kind, rulePath: chosen.rulePath };
}

function sourceOf(consent: unknown): Pick<Verdict, 'consentId' | 'consentVersion'> {
  if (!isFhirResource(consent)) {
    return {};
  }
  const { id, meta } = consent;
  return {
    ...(isResourceId(id) ? { consentId: id } : {}),
    ...(isResourceId(meta?.versionId) ? { consentVersion: meta.versionId } : {}),
  };
}
