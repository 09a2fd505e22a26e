import type { DataverseClient, DataverseOperation, DataverseRow, Row } from '../dataverse/index.ts';
import type { ExpansionMap } from '../mapping/index.ts';
import { matchKey, planChildRows, readChildRows } from './child-rows.ts';

/** A wanted child row, and the rows wanted below it: one list for each expansion of its map. */
export interface ChildTree {
  readonly row: Row;
  readonly below?: readonly (readonly ChildTree[])[];
}

export interface TreeParent {
  readonly rowId: string;
  /** The row was made just now, with nothing below it: its child rows are not read. */
  readonly isNew?: boolean;
  readonly desired: readonly ChildTree[];
}

/** What becomes of the rows of one expansion map below one parent. */
export interface TreeCounts {
  readonly expansion: ExpansionMap;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

export interface TreePlan {
  /**
   * Each list is to be run after the one before has ended: a row that has rows
   * below it is deleted only when these are gone, or they could not be found again.
   */
  readonly steps: readonly (readonly DataverseOperation[])[];
  readonly counts: readonly TreeCounts[];
}

/**
 * Compares the child rows that each parent should have with those it has, level by
 * level. What is below a row that goes, goes with it, whoever made it; else the
 * rules of `planChildRows` hold on every level.
 */
export async function planChildTrees(
  dataverse: Pick<DataverseClient, 'execute'>,
  expansion: ExpansionMap,
  parents: readonly TreeParent[],
): Promise<readonly TreePlan[]> {
  const drafts = parents.map((): Draft => ({ steps: [], counts: [] }));
  const nodes = parents.map(({ rowId, desired, isNew = false }, index): Node => {
    const state = isNew ? 'new' : 'there';
    return { rowId, desired, state, draft: drafts[index] ?? { steps: [], counts: [] } };
  });
  await planLevel(dataverse, expansion, nodes);
  return drafts.map(({ steps, counts }) => ({
    steps: steps.filter((step) => step.length > 0),
    counts,
  }));
}

interface Draft {
  readonly steps: DataverseOperation[][];
  readonly counts: TreeCounts[];
}

/** A row whose child rows are to be compared. */
interface Node {
  readonly rowId: string;
  readonly desired: readonly ChildTree[];
  readonly state: 'there' | 'new' | 'going';
  readonly draft: Draft;
}

async function planLevel(
  dataverse: Pick<DataverseClient, 'execute'>,
  expansion: ExpansionMap,
  nodes: readonly Node[],
): Promise<void> {
  const known = nodes.filter(({ state }) => state !== 'new').map(({ rowId }) => rowId);
  const stored = await readChildRows(dataverse, expansion, known);
  const children = nodes.map((node) => planNode(expansion, node, stored.get(node.rowId) ?? []));
  for (const [index, below] of expansion.expansions.entries()) {
    const next = children.flatMap((childrenOf) => childrenOf(index));
    if (next.length > 0) await planLevel(dataverse, below, next);
  }
}

/** Plans the rows of one node; answers the nodes that they are for each expansion below. */
function planNode(
  expansion: ExpansionMap,
  { rowId, desired, state, draft }: Node,
  stored: readonly DataverseRow[],
): (below: number) => readonly Node[] {
  if (state === 'going') {
    removeAll(expansion, stored, draft);
    return () => stored.map(({ id }) => ({ rowId: id, desired: [], state, draft }));
  }
  const rows = desired.map(({ row }) => row);
  const plan = planChildRows(expansion, { rowId, desired: rows, stored });
  const { added, changed, removed } = plan;
  for (const operation of plan.operations) stepFor(expansion, operation, draft).push(operation);
  draft.counts.push({ expansion, added, changed, removed });
  if (expansion.expansions.length === 0) return () => [];
  const trees = Map.groupBy(desired, ({ row }) => matchKey(expansion, row));
  return (below) => [
    ...plan.removedIds.map((id): Node => ({ rowId: id, desired: [], state: 'going', draft })),
    ...[...plan.wanted].map(([key, { id, isNew }]): Node => {
      const own = (trees.get(key) ?? []).flatMap((tree) => tree.below?.[below] ?? []);
      return { rowId: id, desired: own, state: isNew ? 'new' : 'there', draft };
    }),
  ];
}

function removeAll(expansion: ExpansionMap, stored: readonly DataverseRow[], draft: Draft): void {
  for (const { id, etag } of stored) {
    const operation = { kind: 'delete', table: expansion.table, id, etag } as const;
    stepFor(expansion, operation, draft).push(operation);
  }
  draft.counts.push({ expansion, added: 0, changed: 0, removed: stored.length });
}

function stepFor(
  expansion: ExpansionMap,
  { kind }: DataverseOperation,
  { steps }: Draft,
): DataverseOperation[] {
  const step = kind === 'delete' ? levelsBelow(expansion) : 0;
  while (steps.length <= step) steps.push([]);
  return steps[step] ?? [];
}

function levelsBelow({ expansions }: ExpansionMap): number {
  return expansions.length === 0 ? 0 : 1 + Math.max(...expansions.map(levelsBelow));
}
