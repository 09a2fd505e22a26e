import type { LedgerWindow } from './certificate-schema.ts';

export interface LedgerCounts {
  readonly exported: number;
  readonly loaded: number;
  readonly present: number;
  readonly quarantined: number;
}

/** Every exported line was loaded, was there already, or is in quarantine. */
export function closes({ exported, loaded, present, quarantined }: LedgerCounts): boolean {
  return exported === loaded + present + quarantined;
}

export function ledgerCloses(ledger: readonly LedgerWindow[]): boolean {
  return ledger.every(({ types }) => types.every(closes));
}

/** The ledger of one type, over all windows. */
export function ledgerOf(ledger: readonly LedgerWindow[], type: string): LedgerCounts {
  return sum(ledger.flatMap(({ types }) => types.filter((row) => row.type === type)));
}

export function ledgerTotal(ledger: readonly LedgerWindow[]): LedgerCounts {
  return sum(ledger.flatMap(({ types }) => types));
}

function sum(rows: readonly LedgerCounts[]): LedgerCounts {
  return rows.reduce<LedgerCounts>(
    (total, row) => ({
      exported: total.exported + row.exported,
      loaded: total.loaded + row.loaded,
      present: total.present + row.present,
      quarantined: total.quarantined + row.quarantined,
    }),
    { exported: 0, loaded: 0, present: 0, quarantined: 0 },
  );
}
