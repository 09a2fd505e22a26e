import type { ConsentDecision, ConsentPolicy } from './contract.ts';
import type { DateRange } from './date-range.ts';

/** What one consent says, and when it was given. */
export interface Verdict extends ConsentDecision {
  readonly signed: DateRange | undefined;
}

/**
 * The verdict that stands among several; undefined when there is none. An unreadable consent
 * denies under every policy. Under `latest-wins` a permit must be later than every deny for
 * certain: equal or undated times leave the deny standing.
 */
export function prevailing(
  verdicts: readonly Verdict[],
  conflict: ConsentPolicy['conflict'],
): ConsentDecision | undefined {
  const unreadable = verdicts.filter(({ basis }) => basis === 'unreadable');
  if (unreadable.length > 0) {
    return first(unreadable);
  }
  const denies = verdicts.filter(({ kind }) => kind === 'deny');
  const permits = verdicts.filter(({ kind }) => kind === 'permit');
  if (denies.length === 0) {
    return first(permits);
  }
  const lastDeny = Math.max(...denies.map(({ signed }) => signed?.to ?? Number.POSITIVE_INFINITY));
  const later = permits.filter(({ signed }) => signed !== undefined && signed.from >= lastDeny);
  return first(conflict === 'latest-wins' && later.length > 0 ? later : denies);
}

/** The latest; among equals by id, so that the order in which consents were read does not show. */
function first(verdicts: readonly Verdict[]): ConsentDecision | undefined {
  const [verdict] = verdicts.toSorted(
    (one, other) =>
      compare(other.signed?.from ?? 0, one.signed?.from ?? 0) ||
      compare(sortKey(one), sortKey(other)),
  );
  if (verdict === undefined) {
    return undefined;
  }
  const { signed: _, ...decision } = verdict;
  return decision;
}

function sortKey({ consentId = '', consentVersion = '', rulePath = '' }: Verdict): string {
  return [consentId, consentVersion, rulePath].join('|');
}

function compare<Value extends number | string>(one: Value, other: Value): number {
  if (one === other) {
    return 0;
  }
  return one < other ? -1 : 1;
}
