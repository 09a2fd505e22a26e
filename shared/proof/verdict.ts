import type { Verdict } from './certificate-schema.ts';

export interface VerdictGrounds {
  /** The target's leaves are the source's less what was excepted. */
  readonly isEqual: boolean;
  readonly ledgerCloses: boolean;
  readonly quarantined: number;
}

export function verdictOf({ isEqual, ledgerCloses, quarantined }: VerdictGrounds): Verdict {
  if (!isEqual || !ledgerCloses) return 'different';
  return quarantined === 0 ? 'equal' : 'equal-except-quarantined';
}
