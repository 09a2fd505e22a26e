import { AppError } from '../shared/errors.ts';
import type { FailedResource } from '../shared/outcomes/index.ts';
import { refusedNow } from './decide-consent.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findRows, removeFromDataverse } from './remove-rows.ts';

export interface WithdrawRowsInput {
  /** Resources that consent keeps out of Dataverse, `Type/id`. */
  readonly references: readonly string[];
}

export interface WithdrawRowsOutput {
  readonly rows: readonly { readonly table: string; readonly rowId: string }[];
  /** Permitted by now: they have to be gone through again. */
  readonly failed: readonly FailedResource[];
}

/**
 * Takes back the rows of single resources that consent refuses, if an earlier
 * version was sent: "withheld" means that no row is there. The rows are looked at
 * before consent is asked once more, so that a stale refusal never takes away what
 * a later permit brought. Throws while a row resists.
 */
export async function withdrawRows(
  deps: ActivityDependencies,
  { references }: WithdrawRowsInput,
): Promise<WithdrawRowsOutput> {
  const found = await findRows(deps, references);
  if (found.length === 0) return { rows: [], failed: [] };
  const refused = await refusedNow(
    deps,
    found.map(({ reference }) => reference),
  );
  const rows = found.filter(({ reference }) => refused.has(reference));
  const { ended, failed } = await removeFromDataverse(deps, rows, deps.withdrawPolicy);
  const resisting = failed.length + ended.filter(({ kind }) => kind === 'rejected').length;
  if (resisting > 0) {
    throw new AppError('DATAVERSE_UNAVAILABLE', `${resisting} rows could not be withdrawn yet`);
  }
  return {
    rows: rows.map(({ root, rowId }) => ({ table: root.table, rowId })),
    failed: found
      .filter(({ reference }) => !refused.has(reference))
      .map(({ reference }) => ({ reference, step: 'withdrawing: it is permitted again' })),
  };
}
