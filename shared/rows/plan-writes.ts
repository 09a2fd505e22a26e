import type { DataverseOperation, DataverseRow, Row } from '../dataverse/index.ts';
import { rowIdFor } from '../dataverse/index.ts';
import type { ConceptValue } from '../mapping/index.ts';
import { compareVersions } from '../outcomes/index.ts';
import { changedColumns, filledColumns } from './changed-columns.ts';
import { conceptKey, conceptRowId, createConcept } from './concept-rows.ts';
import { dependencyOrder } from './dependency-order.ts';
import {
  conceptsOf,
  identityColumns,
  type RowDraft,
  referencesOf,
  resolveValues,
  versionColumns,
} from './row-draft.ts';
import type { RowResult } from './row-result.ts';
import type { RowSnapshot } from './row-snapshot.ts';

export interface PlannedWrite {
  readonly draft: RowDraft;
  readonly rowId: string;
  readonly operation: DataverseOperation;
  /** A lookup was left out to break a circle inside the set; the row needs another round. */
  readonly incomplete: boolean;
  /** A lookup was left out to break a circle across sets; the row has to wait for this reference. */
  readonly awaits?: string;
}

export interface WritePlan {
  readonly concepts: readonly ConceptValue[];
  readonly writes: readonly PlannedWrite[];
  readonly decided: readonly RowResult[];
}

interface Decision {
  readonly write?: PlannedWrite;
  readonly result?: RowResult;
  /** The row exists, or will after this plan. */
  readonly rowId?: string;
}

/**
 * Decides what to write, in an order in which each row comes after the rows
 * that it points to. Pure: the same drafts and snapshot give the same plan.
 * @param circles references that wait for a draft themselves, by draft; waiting for them would never end
 */
export function planWrites(
  drafts: readonly RowDraft[],
  snapshot: RowSnapshot,
  circles: ReadonlyMap<string, ReadonlySet<string>> = new Map(),
): WritePlan {
  const byReference = new Map(drafts.map((draft) => [draft.reference, draft]));
  const { order, broken } = dependencyOrder(byReference, referencesOf);
  const rowIds = new Map(snapshot.rowIds);
  const writes: PlannedWrite[] = [];
  const decided: RowResult[] = [];
  for (const reference of order) {
    const draft = byReference.get(reference);
    if (draft === undefined) continue;
    const decision = decide({
      draft,
      snapshot,
      rowIds,
      inside: broken.get(reference) ?? new Set(),
      across: circles.get(reference) ?? new Set(),
    });
    if (decision.write) writes.push(decision.write);
    if (decision.result) decided.push(decision.result);
    if (decision.rowId !== undefined) rowIds.set(reference, decision.rowId);
  }
  return { concepts: newConcepts(writes, snapshot), writes, decided };
}

interface Situation {
  readonly draft: RowDraft;
  readonly snapshot: RowSnapshot;
  readonly rowIds: ReadonlyMap<string, string>;
  /** References left out to break circles, inside the set and across sets. */
  readonly inside: ReadonlySet<string>;
  readonly across: ReadonlySet<string>;
}

function decide(situation: Situation): Decision {
  const { draft, snapshot, rowIds, inside, across } = situation;
  const { row, missing, postponed } = resolveValues(draft.values, {
    row: (reference) => rowIds.get(reference),
    concept: (value) => snapshot.concepts.get(conceptKey(value)) ?? conceptRowId(value),
    postponed: new Set([...inside, ...across]),
  });
  const [waitingFor] = missing;
  const stored = snapshot.stored.get(draft.reference);
  if (stored !== undefined && isOlder(draft, stored)) {
    const byVersionId = String(stored.values[draft.root.versionColumn]);
    return {
      result: { kind: 'superseded', reference: draft.reference, byVersionId },
      rowId: stored.id,
    };
  }
  if (waitingFor !== undefined) {
    const { reference } = draft;
    const hasRow = stored !== undefined;
    const result: RowResult = { kind: 'parked', reference, waitingFor, hasRow };
    return hasRow ? { result, rowId: stored.id } : { result };
  }
  const incomplete = postponed.some((reference) => inside.has(reference));
  const [awaits] = postponed.filter((reference) => across.has(reference));
  const left: LeftOut = { incomplete, ...(awaits === undefined ? {} : { awaits }) };
  return stored === undefined ? create(draft, row, left) : update({ draft, row, stored, left });
}

/** What a write leaves for later. */
type LeftOut = Pick<PlannedWrite, 'incomplete' | 'awaits'>;

function create(draft: RowDraft, row: Row, left: LeftOut): Decision {
  const rowId = rowIdFor('row', draft.root.resourceType, draft.id);
  const full = { ...identityColumns(draft), ...versionColumns(draft), ...filledColumns(row) };
  const operation = { kind: 'create', table: draft.root.table, id: rowId, row: full } as const;
  return { write: { draft, rowId, operation, ...left }, rowId };
}

interface Revision {
  readonly draft: RowDraft;
  readonly row: Row;
  readonly stored: DataverseRow;
  readonly left: LeftOut;
}

function update({ draft, row, stored, left }: Revision): Decision {
  const changes = isSameVersion(draft, stored)
    ? unsetLookups(row, stored)
    : changedColumns({ ...revival(draft, stored), ...versionColumns(draft), ...row }, stored);
  if (Object.keys(changes).length === 0) {
    // Left without a result, it is read and decided again when the rest of the circle is written.
    if (left.incomplete) return { rowId: stored.id };
    return { result: unchanged(draft, stored.id, left), rowId: stored.id };
  }
  const operation = {
    kind: 'update',
    table: draft.root.table,
    id: stored.id,
    etag: stored.etag,
    row: changes,
  } as const;
  return { write: { draft, rowId: stored.id, operation, ...left }, rowId: stored.id };
}

/** A row that this product deactivated (its version is empty) comes back to life with its resource. */
function revival({ root }: RowDraft, { values }: DataverseRow): Row {
  const deactivated = values['statecode'] === 1 && (values[root.versionColumn] ?? null) === null;
  return deactivated ? { statecode: 0, statuscode: 1 } : {};
}

/**
 * The row shows this version already, so its other columns may hold a person's
 * edit by now. Only lookups that could not be set before are still ours to set.
 */
function unsetLookups(row: Row, stored: DataverseRow): Row {
  return Object.fromEntries(
    Object.entries(row).filter(
      ([column, value]) =>
        typeof value === 'object' && value !== null && (stored.values[column] ?? null) === null,
    ),
  );
}

function unchanged(draft: RowDraft, rowId: string, { awaits }: LeftOut): RowResult {
  const { reference, versionId, lastUpdated, root } = draft;
  return {
    kind: 'unchanged',
    reference,
    versionId,
    lastUpdated,
    table: root.table,
    rowId,
    created: false,
    ...(awaits === undefined ? {} : { awaits }),
  };
}

const isSameVersion = (draft: RowDraft, stored: DataverseRow): boolean =>
  stored.values[draft.root.versionColumn] === draft.versionId;

/** Versions decide; where a service does not number them, the instant of the last update does. */
function isOlder(draft: RowDraft, stored: DataverseRow): boolean {
  if (isSameVersion(draft, stored)) return false;
  const storedVersion = stored.values[draft.root.versionColumn];
  const order = compareVersions(
    draft.versionId,
    storedVersion === null || storedVersion === undefined ? undefined : String(storedVersion),
  );
  if (order !== 0) return order < 0;
  const storedInstant = Date.parse(String(stored.values[draft.root.lastUpdatedColumn] ?? ''));
  return storedInstant > Date.parse(draft.lastUpdated);
}

function newConcepts(
  writes: readonly PlannedWrite[],
  snapshot: RowSnapshot,
): readonly ConceptValue[] {
  const wanted = new Map<string, ConceptValue>();
  for (const concept of writes.flatMap(({ draft }) => conceptsOf(draft))) {
    if (!snapshot.concepts.has(conceptKey(concept))) wanted.set(conceptKey(concept), concept);
  }
  return [...wanted.values()];
}

/** The plan as operations, concepts first. */
export function operationsOf(plan: WritePlan): readonly DataverseOperation[] {
  return [...plan.concepts.map(createConcept), ...plan.writes.map(({ operation }) => operation)];
}
