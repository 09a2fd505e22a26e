import { type Certainty, every, some } from './certainty.ts';
import { codingsMatch, conceptsMatch } from './coding.ts';
import type { ConsentRequest } from './contract.ts';
import { covers, rangeOfDate } from './date-range.ts';
import {
  classMatches,
  codesMatch,
  dataMatches,
  dataPeriodMatches,
  labelsMatch,
} from './match-resource.ts';
import type { Rule } from './parse-consent.ts';
import { referenceMatches } from './reference-match.ts';

/**
 * Whether a provision is about this request: every element present must match, any value inside
 * an element is enough, an absent element matches anything.
 */
export function ruleMatches(rule: Rule, request: ConsentRequest): Certainty {
  const { actor, action, purpose, code, class: classes, securityLabel, data } = rule;
  const { resource, recipients, purposes, fhirBase } = request;
  const at = rangeOfDate(request.at);
  return every([
    at === undefined ? 'unknown' : covers(rule.period, at.from),
    actor === undefined
      ? 'yes'
      : some(actor.map(({ reference }) => referenceMatches(reference, recipients, fhirBase))),
    ifStated(action, request.action === undefined ? [] : [request.action], conceptsMatch),
    ifStated(purpose, purposes, codingsMatch),
    classes === undefined ? 'yes' : some(classes.map((coding) => classMatches(coding, resource))),
    code === undefined ? 'yes' : codesMatch(code, resource.codes),
    securityLabel === undefined
      ? 'yes'
      : labelsMatch(securityLabel, resource.labels, rule.decides ?? 'deny'),
    dataPeriodMatches(rule, resource),
    data === undefined ? 'yes' : some(data.map((entry) => dataMatches(entry, request))),
  ]);
}

/** A criterion against what we state of ourselves; what we do not state is unknown. */
function ifStated<Value>(
  criterion: readonly Value[] | undefined,
  stated: readonly string[],
  match: (values: readonly Value[], tokens: readonly string[]) => Certainty,
): Certainty {
  if (criterion === undefined) {
    return 'yes';
  }
  return stated.length === 0 ? 'unknown' : match(criterion, stated);
}
