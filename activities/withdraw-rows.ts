import { AppError } from '../shared/errors.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findRows, removeFromDataverse } from './remove-rows.ts';

export interface WithdrawRowsInput {
  /** Resources that consent keeps out of Dataverse now, `Type/id`. */
  readonly references: readonly string[];
}

export interface WithdrawRowsOutput {
  readonly rows: readonly { readonly table: string; readonly rowId: string }[];
}

/**
 * Takes back the rows of single resources that consent refuses, if an earlier
 * version was sent: "withheld" means that no row is there. Throws while a row resists.
 */
export async function withdrawRows(
  deps: ActivityDependencies,
  { references }: WithdrawRowsInput,
): Promise<WithdrawRowsOutput> {
  const rows = await findRows(deps, references);
  const { ended, failed } = await removeFromDataverse(deps, rows, deps.withdrawPolicy);
  const resisting = failed.length + ended.filter(({ kind }) => kind === 'rejected').length;
  if (resisting > 0) {
    throw new AppError('DATAVERSE_UNAVAILABLE', `${resisting} rows could not be withdrawn yet`);
  }
  return { rows: rows.map(({ root, rowId }) => ({ table: root.table, rowId })) };
}
