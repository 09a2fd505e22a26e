import {
  type ExpandedRow,
  type ExpansionMap,
  type RootMap,
  withRowsBelow,
} from '../shared/mapping/index.ts';
import type { ChildRowCounts, FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';
import {
  type ChildTree,
  childrenOf,
  planChildTrees,
  refusalProblem,
  resolveTrees,
  type TreeCounts,
} from '../shared/rows/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { loadBodies } from './resources.ts';
import { mappingProblem, type WrittenRow } from './upsert-rows.ts';
import { endingOf, type ParentPlan, writeChildren } from './write-children.ts';

export interface ExpandRowsInput {
  readonly expansion: string;
  readonly resourceType: string;
  readonly rows: readonly WrittenRow[];
}

export interface ExpandRowsOutput {
  readonly expanded: readonly { readonly reference: string; readonly children: ChildRowCounts }[];
  readonly ended: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
}

/**
 * Brings the child rows of one expansion map, and the rows below them, in line
 * for some parents: read, compare, write, and look at the parents once more. A parent that moved to
 * another version meanwhile is handed back as failed, so that the newer version
 * has the last word whatever the order of writers. It is run beside others with
 * `all`, so it never throws: what went wrong is in `failed`.
 */
export async function expandRows(
  deps: ActivityDependencies,
  input: ExpandRowsInput,
): Promise<ExpandRowsOutput> {
  try {
    return await expand(deps, input);
  } catch (error) {
    const retry = retryAfterOf(error);
    const failed = input.rows.map(({ reference }) => ({
      reference,
      step: input.expansion,
      ...retry,
    }));
    return { expanded: [], ended: [], failed };
  }
}

export interface Expansion {
  readonly root: RootMap;
  readonly expansion: ExpansionMap;
}

async function expand(
  deps: ActivityDependencies,
  input: ExpandRowsInput,
): Promise<ExpandRowsOutput> {
  const found = findExpansion(deps, input);
  if (found === undefined) return { expanded: [], ended: [], failed: [] };
  const { parents, ended, failed } = await mapChildren(deps, found, input.rows);
  // Made by the very step before, and not found there: a row of an attempt that was cut short
  // comes as found. Whoever writes children in between moves the version of the parent, or
  // has written these very rows, whose ids follow from parent and matching columns.
  const wanted = parents.map(({ row, trees }) => ({
    rowId: row.rowId,
    desired: trees,
    isNew: row.created,
  }));
  const planned = await planChildTrees(deps.dataverse, found.expansion, wanted);
  const plans = parents.map(({ row, mapped, missing }, index): ParentPlan => {
    const { steps = [], counts = [] } = planned[index] ?? {};
    const [waitingFor] = missing;
    const waits = waitingFor === undefined ? {} : { waitingFor };
    return { row, mapped, steps, children: sumOf(counts), ...waits };
  });
  const settled = await writeChildren(deps, found, plans);
  return {
    expanded: settled.expanded,
    ended: [...ended, ...settled.ended],
    failed: [...failed, ...settled.failed],
  };
}

function sumOf(counts: readonly TreeCounts[]): ChildRowCounts {
  const sum = { added: 0, changed: 0, removed: 0 };
  for (const { added, changed, removed } of counts) {
    sum.added += added;
    sum.changed += changed;
    sum.removed += removed;
  }
  return sum;
}

interface ParentInHand {
  readonly row: WrittenRow;
  readonly mapped: readonly ExpandedRow[];
  readonly trees: readonly ChildTree[];
  /** References of the child rows that have no row yet. */
  readonly missing: readonly string[];
}

interface MappedParents {
  readonly parents: readonly ParentInHand[];
  readonly ended: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
}

async function mapChildren(
  deps: ActivityDependencies,
  found: Expansion,
  rows: readonly WrittenRow[],
): Promise<MappedParents> {
  const bodies = await loadBodies(deps, rows);
  const ended: ResourceEnding[] = [];
  const failed: FailedResource[] = [];
  const fitting: Pick<ParentInHand, 'row' | 'mapped'>[] = [];
  for (const row of rows) {
    const body = bodies.get(row.reference);
    const mapped = body === undefined ? [] : childrenOf(found.root, found.expansion, body);
    const [problem] = withRowsBelow(mapped).flatMap(({ problems }) => problems);
    if (body === undefined) failed.push({ reference: row.reference, step: bodyStep });
    else if (problem) ended.push({ ...endingOf(row), problem: mappingProblem(problem) });
    else fitting.push({ row, mapped });
  }
  const resolved = await resolveTrees(
    deps,
    fitting.map(({ mapped }) => mapped),
  );
  const parents: ParentInHand[] = [];
  for (const [index, { row, mapped }] of fitting.entries()) {
    const { trees = [], missing = [], refusal } = resolved[index] ?? {};
    if (refusal === undefined) parents.push({ row, mapped, trees, missing });
    else ended.push({ ...endingOf(row), problem: refusalProblem(refusal, found.expansion.name) });
  }
  return { parents, ended, failed };
}

const bodyStep = 'reading the body again';

function findExpansion(
  { pack }: ActivityDependencies,
  { expansion, resourceType }: ExpandRowsInput,
): Expansion | undefined {
  const root = pack.roots.get(resourceType);
  const found = root?.expansions.find(({ name }) => name === expansion);
  return root && found ? { root, expansion: found } : undefined;
}

export function retryAfterOf(error: unknown): { readonly retryAfterSeconds?: number } {
  const seconds = error instanceof Error && 'retryAfterSeconds' in error && error.retryAfterSeconds;
  return typeof seconds === 'number' ? { retryAfterSeconds: seconds } : {};
}
