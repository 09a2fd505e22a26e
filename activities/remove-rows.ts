import type { DataverseResult, DataverseRow } from '../shared/dataverse/index.ts';
import type { RootPlace } from '../shared/mapping/index.ts';
import type { FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';
import {
  byReference,
  findDescendants,
  refusalProblem,
  rootQuery,
  rowsOf,
} from '../shared/rows/index.ts';
import type { ActivityDependencies, RemovalPolicy } from './dependencies.ts';
import { partsOf } from './resources.ts';
import { placesFor } from './row-places.ts';

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
  readonly root: RootPlace;
  readonly rowId: string;
  /** The row as it was read: a removal takes away exactly this state of it. */
  readonly etag: string;
  /** Inactive with an emptied version: what the policy `deactivate` leaves. */
  readonly deactivated: boolean;
}

/** Takes rows of resources that FHIR no longer has out of Dataverse, children first, as the delete policy says. */
export async function removeRows(
  deps: ActivityDependencies,
  { references }: RemoveRowsInput,
): Promise<RemoveRowsOutput> {
  const rows = await findRows(deps, references);
  const found = new Set(rows.map(({ reference }) => reference));
  const { gone, failed } = await stillGone(deps, rows);
  const removed = await removeFromDataverse(deps, gone, deps.deletePolicy);
  const absent = references
    .filter((reference) => !found.has(reference))
    .map(
      (reference): ResourceEnding => ({ reference, kind: 'removed', reason: 'there was no row' }),
    );
  return { ended: [...absent, ...removed.ended], failed: [...failed, ...removed.failed] };
}

/**
 * Asked once more after the rows were read: a resource that was made anew since
 * keeps its row. Whoever brings it later than this changes the row, and then the
 * removal of the row as it was read fails.
 */
async function stillGone(
  { fhir }: ActivityDependencies,
  rows: readonly RootRow[],
): Promise<{ readonly gone: readonly RootRow[]; readonly failed: readonly FailedResource[] }> {
  const references = [...new Set(rows.map(({ reference }) => reference))];
  const read = references.length > 0 ? await fhir.readCurrent(references.map(partsOf)) : [];
  const gone = new Set(
    references.filter((_, index) => {
      const kind = read[index]?.kind;
      return kind === 'gone' || kind === 'missing';
    }),
  );
  return {
    gone: rows.filter(({ reference }) => gone.has(reference)),
    failed: references
      .filter((reference) => !gone.has(reference))
      .map((reference) => ({ reference, step: 'seeing that the resource is gone' })),
  };
}

/**
 * The root rows that these resources have, by every map that ever was in use: a
 * map that is disabled leaves its rows where consent and deletions have to reach them.
 */
export async function findRows(
  deps: ActivityDependencies,
  references: readonly string[],
): Promise<readonly RootRow[]> {
  const byType = Map.groupBy(references, (reference) => partsOf(reference).resourceType);
  if (byType.size === 0) return [];
  const queries = (await placesFor(deps, new Set(byType.keys()))).map((root) => {
    const some = byType.get(root.resourceType) ?? [];
    return { root, ids: some.map((reference) => partsOf(reference).id) };
  });
  if (queries.length === 0) return [];
  const results = await deps.dataverse.execute(
    queries.map(({ root, ids }) => rootQuery(root, ids, stateColumns(root))),
  );
  const rows = queries.flatMap(({ root, ids }, index) =>
    [...byReference(root, ids, rowsOf(results[index]))].map(([reference, row]) =>
      rootRow(reference, root, row),
    ),
  );
  return eachOnce(rows);
}

/** A row that several places lead to, once. */
export function eachOnce(rows: readonly RootRow[]): readonly RootRow[] {
  const byRow = new Map<string, RootRow>();
  for (const row of rows) {
    const key = `${row.root.table} ${row.rowId}`;
    if (!byRow.has(key)) byRow.set(key, row);
  }
  return [...byRow.values()];
}

/** What has to be read of a row to know whether it is deactivated. */
export const stateColumns = (root: RootPlace): readonly string[] => [
  'statecode',
  root.versionColumn,
];

export function rootRow(reference: string, root: RootPlace, row: DataverseRow): RootRow {
  const { id: rowId, etag, values } = row;
  const deactivated = values['statecode'] === 1 && (values[root.versionColumn] ?? null) === null;
  return { reference, root, rowId, etag, deactivated };
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
  const kept = await removeChildren(deps, rows);
  // A parent goes last: without it, what is left of its children could not be found again.
  const bare = rows.filter(({ rowId }) => !kept.has(rowId));
  const answers = await deps.dataverse.execute(
    bare.map(({ root, rowId, etag }) => ({ kind: 'delete', table: root.table, id: rowId, etag })),
  );
  const answerOf = new Map(bare.map(({ rowId }, index) => [rowId, answers[index]]));
  return endings(rows, ({ rowId }) => kept.get(rowId) ?? answerOf.get(rowId));
}

/** Deletes the child rows, the lowest first; answers the parents that have to stay, each with what kept one of its children. */
async function removeChildren(
  { dataverse }: ActivityDependencies,
  rows: readonly RootRow[],
): Promise<ReadonlyMap<string, DataverseResult>> {
  const byRoot = Map.groupBy(rows, ({ root }) => root);
  const parents = [...byRoot].flatMap(([root, some]) => {
    const rowIds = some.map(({ rowId }) => rowId);
    return root.expansions.map((expansion) => ({ expansion, rowIds }));
  });
  const levels = await findDescendants(dataverse, parents);
  const kept = new Map<string, DataverseResult>();
  for (const level of levels.toReversed()) {
    const free = level.filter(({ ancestor }) => !kept.has(ancestor));
    const answers = await dataverse.execute(
      free.map(({ table, id }) => ({ kind: 'delete', table, id })),
    );
    for (const [index, { ancestor }] of free.entries()) {
      const answer = answers[index];
      if (answer !== undefined && answer.kind !== 'deleted') kept.set(ancestor, answer);
    }
  }
  return kept;
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
  const active = rows.filter(({ deactivated }) => !deactivated);
  const answers = await dataverse.execute(
    active.map(({ root, rowId, etag }) => ({
      kind: 'update',
      table: root.table,
      id: rowId,
      etag,
      row: { statecode: 1, statuscode: 2, [root.versionColumn]: null },
    })),
  );
  const answerOf = new Map(active.map(({ rowId }, index) => [rowId, answers[index]]));
  return endings(rows, ({ rowId, deactivated }) =>
    deactivated ? { kind: 'deleted' } : answerOf.get(rowId),
  );
}

function endings(
  rows: readonly RootRow[],
  answerOf: (row: RootRow) => DataverseResult | undefined,
): RemoveRowsOutput {
  const ended: ResourceEnding[] = [];
  const failed: FailedResource[] = [];
  for (const row of rows) {
    const { reference, root, rowId } = row;
    const answer = answerOf(row);
    if (answer?.kind === 'refused') {
      ended.push({ reference, kind: 'rejected', problem: refusalProblem(answer, root.name) });
    } else if (answer !== undefined && isAway(answer)) {
      ended.push({ reference, kind: 'removed', table: root.table, rowId });
    } else {
      failed.push({ reference, step: 'removing the row' });
    }
  }
  // Of several rows of one resource the one that stays decides.
  const staying = new Set(ended.flatMap((one) => (one.kind === 'rejected' ? one.reference : [])));
  const telling = ended.filter(
    ({ kind, reference }) => kind === 'rejected' || !staying.has(reference),
  );
  return { ended: telling, failed };
}

/** Written stands for deactivated; a row that was not there to be deactivated is away as well. */
const isAway = ({ kind }: DataverseResult): boolean =>
  kind === 'deleted' || kind === 'written' || kind === 'missing';
