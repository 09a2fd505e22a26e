import type { DataverseClient } from '../dataverse/index.ts';
import type { ChildPlace } from '../mapping/index.ts';
import { rowsOf } from './row-snapshot.ts';

/** A child row, or a row below one. */
export interface Descendant {
  readonly table: string;
  readonly id: string;
  /** The row that the search began with. */
  readonly ancestor: string;
}

/** The rows of some parents by one expansion map. */
export interface ParentRows {
  readonly expansion: ChildPlace;
  readonly rowIds: readonly string[];
}

/** Every row below some rows, whoever made it: one list for each level, children first. One call for each level. */
export async function findDescendants(
  dataverse: Pick<DataverseClient, 'execute'>,
  parents: readonly ParentRows[],
): Promise<readonly (readonly Descendant[])[]> {
  const levels: Descendant[][] = [];
  const ancestors = new Map(parents.flatMap(({ rowIds }) => rowIds.map((id) => [id, id] as const)));
  let open = parents;
  while (open.length > 0) {
    const found = await dataverse.execute(
      open.map(({ expansion: { table, parentColumn }, rowIds }) => ({
        ...{ kind: 'query', table, select: [parentColumn] },
        filter: { column: parentColumn, in: rowIds },
      })),
    );
    const level: Descendant[] = [];
    open = open.flatMap(({ expansion }, index) => {
      const rows = rowsOf(found[index]);
      for (const { id, values } of rows) {
        const ancestor = ancestors.get(String(values[expansion.parentColumn])) ?? '';
        ancestors.set(id, ancestor);
        level.push({ table: expansion.table, id, ancestor });
      }
      const rowIds = rows.map(({ id }) => id);
      return rows.length === 0
        ? []
        : expansion.expansions.map((below) => ({ expansion: below, rowIds }));
    });
    if (level.length > 0) levels.push(level);
  }
  return levels;
}
