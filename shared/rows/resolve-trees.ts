import type { Row } from '../dataverse/index.ts';
import { type ExpandedRow, type MappedRow, withRowsBelow } from '../mapping/index.ts';
import type { ChildTree } from './child-trees.ts';
import { type ResolvedLookups, resolveLookups } from './resolve-lookups.ts';
import type { RowReader } from './row-snapshot.ts';

/** The child rows of one parent with their lookups resolved. */
export interface ResolvedTrees {
  readonly trees: readonly ChildTree[];
  /** References that have no row yet, of any level. */
  readonly missing: readonly string[];
  /** Why a concept that one of the rows points to could not be made. */
  readonly refusal?: NonNullable<ResolvedLookups['refusal']>;
}

/** Resolves the lookups of the child rows of several parents, all levels at once. */
export async function resolveTrees(
  reader: RowReader,
  parents: readonly (readonly ExpandedRow[])[],
): Promise<readonly ResolvedTrees[]> {
  const rows = parents.flatMap(withRowsBelow);
  const resolved = await resolveLookups(reader, rows);
  const byRow = new Map<MappedRow, ResolvedLookups>();
  for (const [index, row] of rows.entries()) {
    const lookups = resolved[index];
    if (lookups !== undefined) byRow.set(row, lookups);
  }
  return parents.map((expanded): ResolvedTrees => {
    const own = withRowsBelow(expanded).flatMap((row) => byRow.get(row) ?? []);
    const refusal = own.find((lookups) => lookups.refusal !== undefined)?.refusal;
    return {
      trees: expanded.map((row) => treeOf(row, (one) => byRow.get(one)?.row ?? {})),
      missing: own.flatMap(({ missing }) => missing),
      ...(refusal === undefined ? {} : { refusal }),
    };
  });
}

function treeOf(expanded: ExpandedRow, rowOf: (row: MappedRow) => Row): ChildTree {
  const row = rowOf(expanded);
  if (expanded.below === undefined) return { row };
  return { row, below: expanded.below.map((rows) => rows.map((one) => treeOf(one, rowOf))) };
}
