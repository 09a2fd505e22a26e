import type { DataverseOperation, DataverseResult } from '../shared/dataverse/index.ts';
import type { RootMap } from '../shared/mapping/index.ts';
import type { FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';
import { byReference, refusalProblem, rootQuery, rowsOf } from '../shared/rows/index.ts';
import type { ActivityDependencies, RemovalPolicy } from './dependencies.ts';
import { partsOf } from './resources.ts';

export interface RemoveRowsInput {
  /** Deleted in FHIR, `Type/id`. */
  readonly references: readonly string[];
}

export interface RemoveRowsOutput {
  readonly ended: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
}

export interface RootRow {
  readonly reference: string;
  readonly root: RootMap;
  readonly rowId: string;
}

/** Takes rows of resources that FHIR no longer has out of Dataverse, children first, as the delete policy says. */
export async function removeRows(
  deps: ActivityDependencies,
  { references }: RemoveRowsInput,
): Promise<RemoveRowsOutput> {
  const rows = await findRows(deps, references);
  const found = new Set(rows.map(({ reference }) => reference));
  const removed = await removeFromDataverse(deps, rows, deps.deletePolicy);
  const absent = references
    .filter((reference) => !found.has(reference))
    .map(
      (reference): ResourceEnding => ({ reference, kind: 'removed', reason: 'there was no row' }),
    );
  return { ended: [...absent, ...removed.ended], failed: removed.failed };
}

/** The root rows that these resources have. */
export async function findRows(
  { dataverse, pack }: ActivityDependencies,
  references: readonly string[],
): Promise<readonly RootRow[]> {
  const byType = Map.groupBy(references, (reference) => partsOf(reference).resourceType);
  const queries = [...byType].flatMap(([type, some]) => {
    const root = pack.roots.get(type);
    return root ? [{ root, ids: some.map((reference) => partsOf(reference).id) }] : [];
  });
  if (queries.length === 0) return [];
  const results = await dataverse.execute(queries.map(({ root, ids }) => rootQuery(root, ids, [])));
  return queries.flatMap(({ root, ids }, index) =>
    [...byReference(root, ids, rowsOf(results[index]))].map(([reference, { id }]) => ({
      reference,
      root,
      rowId: id,
    })),
  );
}

/**
 * Deletes or deactivates rows. Deleting takes every child row of the expansion
 * maps along, whoever made it: without its parent it says nothing. Safe to run
 * twice: what is gone is gone.
 */
export async function removeFromDataverse(
  deps: ActivityDependencies,
  rows: readonly RootRow[],
  policy: RemovalPolicy,
): Promise<RemoveRowsOutput> {
  for (const { reference } of rows) deps.directory.forget(reference);
  if (rows.length === 0) return { ended: [], failed: [] };
  if (policy === 'deactivate') return deactivate(deps, rows);
  const children = await deps.dataverse.execute(await childDeletions(deps, rows));
  const childFailure = children.find(({ kind }) => kind !== 'deleted');
  // A parent goes last: without it, what is left of its children could not be found again.
  if (childFailure) return endings(rows, [], childFailure);
  const answers = await deps.dataverse.execute(
    rows.map(({ root, rowId }) => ({ kind: 'delete', table: root.table, id: rowId })),
  );
  return endings(rows, answers);
}

async function childDeletions(
  { dataverse }: ActivityDependencies,
  rows: readonly RootRow[],
): Promise<readonly DataverseOperation[]> {
  const byRoot = Map.groupBy(rows, ({ root }) => root);
  const queries = [...byRoot].flatMap(([root, some]) =>
    root.expansions.map(
      ({ table, parentColumn }): DataverseOperation => ({
        kind: 'query',
        table,
        select: [],
        filter: { column: parentColumn, in: some.map(({ rowId }) => rowId) },
      }),
    ),
  );
  if (queries.length === 0) return [];
  const results = await dataverse.execute(queries);
  return queries.flatMap(({ table }, index) =>
    rowsOf(results[index]).map(({ id }): DataverseOperation => ({ kind: 'delete', table, id })),
  );
}

/**
 * Inactive and its default status reason (`statecode` 1, `statuscode` 2). The
 * emptied version tells our deactivation from a person's, so that a resource that
 * comes back to life in FHIR is made active again.
 */
async function deactivate(
  { dataverse }: ActivityDependencies,
  rows: readonly RootRow[],
): Promise<RemoveRowsOutput> {
  const current = await dataverse.execute(
    await Promise.all(
      rows.map(
        async ({ root, rowId }): Promise<DataverseOperation> => ({
          kind: 'query',
          table: root.table,
          select: [],
          filter: { column: (await dataverse.table(root.table)).primaryId, equals: rowId },
        }),
      ),
    ),
  );
  const present = rows.flatMap((row, index) => {
    const [stored] = rowsOf(current[index]);
    return stored ? [{ row, etag: stored.etag }] : [];
  });
  const answers = await dataverse.execute(
    present.map(({ row, etag }) => ({
      kind: 'update',
      table: row.root.table,
      id: row.rowId,
      etag,
      row: { statecode: 1, statuscode: 2, [row.root.versionColumn]: null },
    })),
  );
  return endings(
    present.map(({ row }) => row),
    answers,
  );
}

function endings(
  rows: readonly RootRow[],
  answers: readonly DataverseResult[],
  childFailure?: DataverseResult,
): RemoveRowsOutput {
  const ended: ResourceEnding[] = [];
  const failed: FailedResource[] = [];
  rows.forEach(({ reference, root, rowId }, index) => {
    const answer = childFailure ?? answers[index];
    if (answer?.kind === 'deleted' || answer?.kind === 'written') {
      ended.push({ reference, kind: 'removed', table: root.table, rowId });
    } else if (answer?.kind === 'refused') {
      ended.push({ reference, kind: 'rejected', problem: refusalProblem(answer, root.name) });
    } else {
      failed.push({ reference, step: 'removing the row' });
    }
  });
  return { ended, failed };
}
