import type { DataverseOperation, DataverseResult } from '../shared/dataverse/index.ts';
import {
  type ExpandedRow,
  type ExpansionMap,
  type RootMap,
  withRowsBelow,
} from '../shared/mapping/index.ts';
import type { ChildRowCounts, FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';
import { forgetLookups, refusalProblem, rowsOf } from '../shared/rows/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import type { ExpandRowsOutput, Expansion } from './expand-rows.ts';
import type { WrittenRow } from './upsert-rows.ts';

/** What is to be done for one parent. */
export interface ParentPlan {
  readonly row: WrittenRow;
  readonly mapped: readonly ExpandedRow[];
  readonly steps: readonly (readonly DataverseOperation[])[];
  readonly children: ChildRowCounts;
  /** A reference of the child rows that has no row yet. */
  readonly waitingFor?: string;
}

/** Writes the child rows of some parents and looks at the parents once more. */
export async function writeChildren(
  deps: ActivityDependencies,
  { root, expansion }: Expansion,
  plans: readonly ParentPlan[],
): Promise<Settled> {
  const output: Settled = { expanded: [], ended: [], failed: [] };
  if (plans.every(({ steps }) => steps.length === 0)) {
    for (const plan of plans) complete(plan, output);
    return output;
  }
  const answers = await runSteps(deps, plans);
  const versions = await parentVersions(deps.dataverse, root, plans);
  for (const [index, plan] of plans.entries()) {
    const own = answers[index] ?? [];
    if (own.some(({ result }) => result.kind === 'missing')) {
      forgetLookups(deps, withRowsBelow(plan.mapped));
    }
    settle(plan, { expansion, answers: own, version: versions.get(plan.row.rowId) }, output);
  }
  return output;
}

interface Answer {
  readonly operation: DataverseOperation;
  readonly result: DataverseResult;
}

/** Runs the steps of all plans side by side; a plan stops at the first step that did not succeed. */
async function runSteps(
  { dataverse }: ActivityDependencies,
  plans: readonly ParentPlan[],
): Promise<readonly (readonly Answer[])[]> {
  const answers = plans.map((): Answer[] => []);
  for (let step = 0; plans.some(({ steps }) => step < steps.length); step += 1) {
    const planned = plans.flatMap(({ steps }, plan) =>
      answers[plan]?.some(isOpen)
        ? []
        : (steps[step] ?? []).map((operation) => ({ plan, operation })),
    );
    const results = await dataverse.execute(planned.map(({ operation }) => operation));
    for (const [index, { plan, operation }] of planned.entries()) {
      answers[plan]?.push({ operation, result: results[index] ?? { kind: 'failed' } });
    }
  }
  return answers;
}

interface Settled {
  readonly expanded: ExpandRowsOutput['expanded'][number][];
  readonly ended: ResourceEnding[];
  readonly failed: FailedResource[];
}

interface Answered {
  readonly expansion: ExpansionMap;
  readonly answers: readonly Answer[];
  /** What the parent shows after the children were written. */
  readonly version: string | undefined;
}

function settle(
  plan: ParentPlan,
  { expansion, answers, version }: Answered,
  output: Settled,
): void {
  const refused = answers.find(({ result }) => result.kind === 'refused');
  const { reference, versionId } = plan.row;
  if (refused?.result.kind === 'refused') {
    const problem = refusalProblem(
      refused.result,
      mapOf(expansion, refused.operation.table) ?? expansion.name,
    );
    output.ended.push({ ...endingOf(plan.row), problem });
  } else if (version !== versionId || answers.some(isOpen)) {
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
function isOpen({ operation, result: { kind } }: Answer): boolean {
  if (kind === 'conflict') return operation.kind !== 'create';
  return kind !== 'written' && kind !== 'deleted';
}

/** The name of the map, this one or one below it, that writes the table. */
function mapOf(expansion: ExpansionMap, table: string): string | undefined {
  if (expansion.table === table) return expansion.name;
  return expansion.expansions
    .map((child) => mapOf(child, table))
    .find((name) => name !== undefined);
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

export const endingOf = ({ reference, versionId, rowId, table }: WrittenRow) =>
  ({ reference, versionId, rowId, table, kind: 'rejected' }) as const;
