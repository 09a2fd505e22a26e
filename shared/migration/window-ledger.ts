/**
 * The books of one window, per resource type. They close when every version that was exported is
 * loaded, was there already, or is quarantined with a cause (DESIGN §3 rule 6).
 */
export interface TypeLedger {
  readonly exported: number;
  readonly loaded: number;
  readonly present: number;
  readonly quarantined: number;
}

export type WindowLedger = Readonly<Record<string, TypeLedger>>;

const empty: TypeLedger = { exported: 0, loaded: 0, present: 0, quarantined: 0 };

/** Adds up entries; types and counts in any order give the same books. */
export function addToLedger(
  ledger: WindowLedger,
  type: string,
  added: Partial<TypeLedger>,
): WindowLedger {
  const before = ledger[type] ?? empty;
  return {
    ...ledger,
    [type]: {
      exported: before.exported + (added.exported ?? 0),
      loaded: before.loaded + (added.loaded ?? 0),
      present: before.present + (added.present ?? 0),
      quarantined: before.quarantined + (added.quarantined ?? 0),
    },
  };
}

export function sumLedgers(ledgers: readonly WindowLedger[]): WindowLedger {
  return ledgers
    .flatMap((ledger) => Object.entries(ledger))
    .reduce<WindowLedger>((sum, [type, entry]) => addToLedger(sum, type, entry), {});
}

/** How many versions of the type are in no column; negative when too many are. */
export function unaccounted({ exported, loaded, present, quarantined }: TypeLedger): number {
  return exported - loaded - present - quarantined;
}

/** The types whose books do not close. */
export function openTypes(ledger: WindowLedger): readonly string[] {
  return Object.entries(ledger)
    .filter(([, entry]) => unaccounted(entry) !== 0)
    .map(([type]) => type);
}

export function totalOf(ledger: WindowLedger): TypeLedger {
  return Object.values(ledger).reduce(
    (sum, entry) => ({
      exported: sum.exported + entry.exported,
      loaded: sum.loaded + entry.loaded,
      present: sum.present + entry.present,
      quarantined: sum.quarantined + entry.quarantined,
    }),
    empty,
  );
}
