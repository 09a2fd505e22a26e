import type {
  DataverseOperation,
  DataverseResult,
  DataverseRow,
} from '../shared/dataverse/index.ts';
import type { FhirResource } from '../shared/fhir/index.ts';
import type { ExpansionMap, MappedRow, RootMap } from '../shared/mapping/index.ts';
import type { ChildRowCounts, FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';
import {
  childQuery,
  dataverseIdentifierRoot,
  forgetLookups,
  planChildRows,
  type ResolvedLookups,
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
  const { parents, ended, failed } = await mapChildren(deps, found, input.rows);
  const stored = await readChildren(deps, found, parents);
  const plans = parents.map(({ row, mapped, resolved }): ParentPlan => {
    const desired = resolved.map((child) => child.row);
    const parent = { rowId: row.rowId, desired, stored: stored.get(row.rowId) ?? [] };
    const { operations, ...children } = planChildRows(found.expansion, parent);
    const [waitingFor] = resolved.flatMap(({ missing }) => missing);
    return { row, mapped, operations, children, ...(waitingFor ? { waitingFor } : {}) };
  });
  const settled = await writeChildren(deps, found, plans);
  return {
    expanded: settled.expanded,
    ended: [...ended, ...settled.ended],
    failed: [...failed, ...settled.failed],
  };
}

interface ParentInHand {
  readonly row: WrittenRow;
  readonly mapped: readonly MappedRow[];
  readonly resolved: readonly ResolvedLookups[];
}

interface MappedParents {
  readonly parents: readonly ParentInHand[];
  readonly ended: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
}

/**
 * The child rows of a resource. The identifier that we ourselves wrote into FHIR
 * has its row in the identifier table; no other table lists it, so that the rows
 * are the same whether a resource is expanded before or after the write-back.
 */
function childrenOf({ root, expansion }: Expansion, body: FhirResource): readonly MappedRow[] {
  const mapped = expansion.expand(body);
  if (expansion.name === root.identifierTable?.expansion.name) return mapped;
  return mapped.filter(({ values }) => !Object.values(values).some(isOwnIdentifier));
}

const isOwnIdentifier = (value: unknown): boolean =>
  typeof value === 'string' && value.startsWith(dataverseIdentifierRoot);

async function mapChildren(
  deps: ActivityDependencies,
  found: Expansion,
  rows: readonly WrittenRow[],
): Promise<MappedParents> {
  const bodies = await loadBodies(deps, rows);
  const ended: ResourceEnding[] = [];
  const failed: FailedResource[] = [];
  const fitting: Omit<ParentInHand, 'resolved'>[] = [];
  for (const row of rows) {
    const body = bodies.get(row.reference);
    const mapped = body === undefined ? [] : childrenOf(found, body);
    const problem = mapped.flatMap(({ problems }) => problems)[0];
    if (body === undefined) failed.push({ reference: row.reference, step: bodyStep });
    else if (problem) ended.push({ ...endingOf(row), problem: mappingProblem(problem) });
    else fitting.push({ row, mapped });
  }
  const resolved = await resolveLookups(
    deps,
    fitting.flatMap(({ mapped }) => mapped),
  );
  const parents: ParentInHand[] = [];
  let next = 0;
  for (const { row, mapped } of fitting) {
    const own = resolved.slice(next, next + mapped.length);
    next += mapped.length;
    const refusal = own.find((child) => child.refusal !== undefined)?.refusal;
    if (refusal === undefined) parents.push({ row, mapped, resolved: own });
    else ended.push({ ...endingOf(row), problem: refusalProblem(refusal, found.expansion.name) });
  }
  return { parents, ended, failed };
}

const bodyStep = 'reading the body again';

const endingOf = ({ reference, versionId, rowId, table }: WrittenRow) =>
  ({ reference, versionId, rowId, table, kind: 'rejected' }) as const;

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
  readonly mapped: readonly MappedRow[];
  readonly operations: readonly DataverseOperation[];
  readonly children: ChildRowCounts;
  /** A reference of the child rows that has no row yet. */
  readonly waitingFor?: string;
}

async function writeChildren(
  deps: ActivityDependencies,
  { root, expansion }: Expansion,
  plans: readonly ParentPlan[],
): Promise<Settled> {
  const output: Settled = { expanded: [], ended: [], failed: [] };
  const operations = plans.flatMap((plan) => plan.operations);
  if (operations.length === 0) {
    for (const plan of plans) complete(plan, output);
    return output;
  }
  const answers = await deps.dataverse.execute(operations);
  const versions = await parentVersions(deps.dataverse, root, plans);
  let next = 0;
  for (const plan of plans) {
    const own = answers.slice(next, next + plan.operations.length);
    next += plan.operations.length;
    if (own.some(({ kind }) => kind === 'missing')) forgetLookups(deps, plan.mapped);
    settle(plan, { expansion, answers: own, version: versions.get(plan.row.rowId) }, output);
  }
  return output;
}

interface Settled {
  readonly expanded: ExpandRowsOutput['expanded'][number][];
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
    complete(plan, output);
  }
}

/**
 * The children are in line as far as they can be. A reference without a row does
 * not hold up the parent, but its change waits, so that the lookup is filled as
 * soon as the row is there, whatever the order of events.
 */
function complete({ row, children, waitingFor }: ParentPlan, output: Settled): void {
  const { reference } = row;
  output.expanded.push({ reference, children });
  if (waitingFor !== undefined) {
    output.ended.push({ reference, kind: 'parked', waitingFor: [waitingFor] });
  }
}

/** A creation that finds its row there is done: the id follows from parent and matching columns. */
function isOpen({ kind }: DataverseResult, operation: DataverseOperation | undefined): boolean {
  if (kind === 'conflict') return operation?.kind !== 'create';
  return kind !== 'written' && kind !== 'deleted';
}

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
