import type {
  DataverseOperation,
  DataverseResult,
  DataverseRow,
  Row,
} from '../shared/dataverse/index.ts';
import type { ExpansionMap, MappedRow, RootMap } from '../shared/mapping/index.ts';
import type {
  ChildRowCounts,
  FailedResource,
  Problem,
  ResourceEnding,
} from '../shared/outcomes/index.ts';
import {
  childQuery,
  planChildRows,
  refusalProblem,
  resolveLookups,
  rowsOf,
} from '../shared/rows/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { loadBodies } from './resources.ts';
import { mappingProblem, type WrittenRow } from './upsert-rows.ts';

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
 * Brings the child rows of one expansion map in line for some parents: read,
 * compare, write, and look at the parents once more. A parent that moved to
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

interface Expansion {
  readonly root: RootMap;
  readonly expansion: ExpansionMap;
}

async function expand(
  deps: ActivityDependencies,
  input: ExpandRowsInput,
): Promise<ExpandRowsOutput> {
  const found = findExpansion(deps, input);
  if (found === undefined) return { expanded: [], ended: [], failed: [] };
  const { parents, ended } = await mapChildren(deps, found.expansion, input.rows);
  const stored = await readChildren(deps, found, parents);
  const plans = parents.map(({ row, desired }): ParentPlan => {
    const parent = { rowId: row.rowId, desired, stored: stored.get(row.rowId) ?? [] };
    const { operations, ...children } = planChildRows(found.expansion, parent);
    return { row, operations, children };
  });
  const settled = await writeChildren(deps, found, plans);
  return { ...settled, ended: [...ended, ...settled.ended] };
}

interface ParentInHand {
  readonly row: WrittenRow;
  readonly desired: readonly Row[];
}

async function mapChildren(
  deps: ActivityDependencies,
  expansion: ExpansionMap,
  rows: readonly WrittenRow[],
): Promise<{
  readonly parents: readonly ParentInHand[];
  readonly ended: readonly ResourceEnding[];
}> {
  const bodies = await loadBodies(deps, rows);
  const ended: ResourceEnding[] = [];
  const fitting: { readonly row: WrittenRow; readonly mapped: readonly MappedRow[] }[] = [];
  for (const row of rows) {
    const body = bodies.get(row.reference);
    const mapped = body === undefined ? [] : expansion.expand(body);
    const problem = body ? mapped.flatMap(({ problems }) => problems)[0] : undefined;
    if (body === undefined) ended.push({ ...endingOf(row), problem: unreadableBody });
    else if (problem) ended.push({ ...endingOf(row), problem: mappingProblem(problem) });
    else fitting.push({ row, mapped });
  }
  const resolved = await resolveLookups(
    deps,
    fitting.flatMap(({ mapped }) => mapped),
  );
  let next = 0;
  const parents = fitting.map(({ row, mapped }) => {
    const desired = resolved.slice(next, next + mapped.length);
    next += mapped.length;
    return { row, desired };
  });
  return { parents, ended };
}

const endingOf = ({ reference, versionId, rowId, table }: WrittenRow) =>
  ({ reference, versionId, rowId, table, kind: 'rejected' }) as const;

const unreadableBody: Problem = {
  cause: 'fhir-unreadable',
  code: 'version',
  remedy: 'The version could not be read again. Redrive the change.',
};

function findExpansion(
  { pack }: ActivityDependencies,
  { expansion, resourceType }: ExpandRowsInput,
): Expansion | undefined {
  const root = pack.roots.get(resourceType);
  const found = root?.expansions.find(({ name }) => name === expansion);
  return root && found ? { root, expansion: found } : undefined;
}

async function readChildren(
  { dataverse }: ActivityDependencies,
  { expansion }: Expansion,
  parents: readonly ParentInHand[],
): Promise<ReadonlyMap<string, readonly DataverseRow[]>> {
  if (parents.length === 0) return new Map();
  const rowIds = parents.map(({ row }) => row.rowId);
  const [result] = await dataverse.execute([childQuery(expansion, rowIds)]);
  const byParent = new Map<string, DataverseRow[]>();
  for (const child of rowsOf(result)) {
    const parent = String(child.values[expansion.parentColumn]);
    byParent.set(parent, [...(byParent.get(parent) ?? []), child]);
  }
  return byParent;
}

interface ParentPlan {
  readonly row: WrittenRow;
  readonly operations: readonly DataverseOperation[];
  readonly children: ChildRowCounts;
}

async function writeChildren(
  { dataverse }: ActivityDependencies,
  { root, expansion }: Expansion,
  plans: readonly ParentPlan[],
): Promise<ExpandRowsOutput> {
  const operations = plans.flatMap((plan) => plan.operations);
  if (operations.length === 0) return { expanded: plans.map(expandedOf), ended: [], failed: [] };
  const answers = await dataverse.execute(operations);
  const versions = await parentVersions(dataverse, root, plans);
  const output = { expanded: [], ended: [], failed: [] } as Settled;
  let next = 0;
  for (const plan of plans) {
    const own = answers.slice(next, next + plan.operations.length);
    next += plan.operations.length;
    settle(plan, { expansion, answers: own, version: versions.get(plan.row.rowId) }, output);
  }
  return output;
}

interface Settled {
  readonly expanded: ReturnType<typeof expandedOf>[];
  readonly ended: ResourceEnding[];
  readonly failed: FailedResource[];
}

interface Answered {
  readonly expansion: ExpansionMap;
  readonly answers: readonly DataverseResult[];
  /** What the parent shows after the children were written. */
  readonly version: string | undefined;
}

function settle(
  plan: ParentPlan,
  { expansion, answers, version }: Answered,
  output: Settled,
): void {
  const refused = answers.find((answer) => answer.kind === 'refused');
  const { reference, versionId } = plan.row;
  if (refused) {
    const problem = refusalProblem(refused, expansion.name);
    output.ended.push({ ...endingOf(plan.row), problem });
  } else if (
    version !== versionId ||
    answers.some((answer, at) => isOpen(answer, plan.operations[at]))
  ) {
    output.failed.push({ reference, step: expansion.name });
  } else {
    output.expanded.push(expandedOf(plan));
  }
}

/** A creation that finds its row there is done: the id follows from parent and matching columns. */
function isOpen({ kind }: DataverseResult, operation: DataverseOperation | undefined): boolean {
  if (kind === 'conflict') return operation?.kind !== 'create';
  return kind !== 'written' && kind !== 'deleted';
}

const expandedOf = ({ row, children }: ParentPlan) => ({ reference: row.reference, children });

/** The FHIR versions that the parents show after the children were written. */
async function parentVersions(
  dataverse: ActivityDependencies['dataverse'],
  root: RootMap,
  plans: readonly ParentPlan[],
): Promise<ReadonlyMap<string, string>> {
  const { primaryId } = await dataverse.table(root.table);
  const ids = plans.map(({ row }) => row.rowId);
  const [result] = await dataverse.execute([
    {
      kind: 'query',
      table: root.table,
      select: [root.versionColumn],
      filter: { column: primaryId, in: ids },
    },
  ]);
  return new Map(rowsOf(result).map(({ id, values }) => [id, String(values[root.versionColumn])]));
}

export function retryAfterOf(error: unknown): { readonly retryAfterSeconds?: number } {
  const seconds = error instanceof Error && 'retryAfterSeconds' in error && error.retryAfterSeconds;
  return typeof seconds === 'number' ? { retryAfterSeconds: seconds } : {};
}
