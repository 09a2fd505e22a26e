import type { Change } from '../events/index.ts';

/** Every change ends in exactly one of these (DESIGN §1). */
export const outcomeKinds = [
  'applied',
  'unchanged',
  'superseded',
  'withheld',
  'skipped',
  'parked',
  'rejected',
  'removed',
] as const;

export type OutcomeKind = (typeof outcomeKinds)[number];

/** Why a change cannot succeed without a person. Never holds a clinical value. */
export interface Problem {
  /** Class that dead letters are grouped by, e.g. `mapping`, `dataverse-refused`, `retries-exhausted`. */
  readonly cause: string;
  readonly code: string;
  readonly map?: string;
  readonly column?: string;
  readonly path?: string;
  readonly remedy: string;
}

/** Child rows touched by expansion maps. */
export interface ChildRowCounts {
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** The ending of one change, as a person can look it up. */
export interface ChangeOutcome {
  readonly change: Change;
  readonly kind: OutcomeKind;
  /** The FHIR version that the ending speaks of. */
  readonly versionId?: string;
  readonly table?: string;
  readonly rowId?: string;
  readonly reason?: string;
  /** References that must get a row first, for `parked`. */
  readonly waitingFor?: readonly string[];
  readonly problem?: Problem;
  readonly children?: ChildRowCounts;
  /** The FHIR version that carries the Dataverse identifier, when this change wrote it. */
  readonly identifierVersion?: string;
}

export type OutcomeCounts = Readonly<Record<OutcomeKind, number>>;

/** Counts outcomes by kind, with a zero for each kind that did not occur. */
export function countOutcomes(outcomes: readonly { readonly kind: OutcomeKind }[]): OutcomeCounts {
  const counts = emptyCounts();
  for (const { kind } of outcomes) counts[kind] += 1;
  return counts;
}

export function emptyCounts(): Record<OutcomeKind, number> {
  return {
    applied: 0,
    unchanged: 0,
    superseded: 0,
    withheld: 0,
    skipped: 0,
    parked: 0,
    rejected: 0,
    removed: 0,
  };
}
