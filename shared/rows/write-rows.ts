import type { DataverseResult } from '../dataverse/index.ts';
import type { ConceptValue } from '../mapping/index.ts';
import { conceptKey, conceptRowId } from './concept-rows.ts';
import { operationsOf, type PlannedWrite, planWrites, type WritePlan } from './plan-writes.ts';
import { conceptsOf, type RowDraft, referencesOf } from './row-draft.ts';
import { type RowResult, refusalProblem } from './row-result.ts';
import { type RowReader, readSnapshot } from './row-snapshot.ts';

/** Rounds of read, decide, write before a contended row is left to a later attempt. */
const rounds = 4;

/** Of what drafts wait for, that which waits for the draft in turn; the waiting room knows. */
export type CirclesOf = (
  parked: readonly { readonly reference: string; readonly waitingFor: string }[],
) => Promise<ReadonlyMap<string, ReadonlySet<string>>>;

/**
 * Brings the root rows of the drafts up to their FHIR versions with one read and
 * one write per round. A row that someone else changed in between (412) is read
 * and decided again; a lower version never overwrites a higher one (DESIGN §3.5).
 * Safe to run twice: creation has a deterministic id and If-None-Match, update has If-Match.
 */
export async function writeRows(
  reader: RowReader,
  drafts: readonly RowDraft[],
  circlesOf: CirclesOf,
): Promise<readonly RowResult[]> {
  const results = new Map<string, RowResult>();
  const created = new Set<string>();
  let open = drafts;
  for (let round = 0; round < rounds && open.length > 0; round += 1) {
    const plan = await planRound(reader, open, circlesOf);
    const written = await execute(reader, plan, created);
    for (const result of [...plan.decided, ...written]) {
      results.set(result.reference, withCreation(result, created));
    }
    open = drafts.filter(({ reference }) => !results.has(reference));
  }
  return drafts.map(({ reference }) => results.get(reference) ?? contended(reference));
}

/** A row that was made in an earlier round stays "created" when a later round completes it. */
function withCreation(result: RowResult, created: ReadonlySet<string>): RowResult {
  const completes = result.kind === 'unchanged' || result.kind === 'written';
  if (!completes || !created.has(result.reference)) return result;
  return { ...result, kind: 'written', created: true };
}

const contended = (reference: string): RowResult => ({
  kind: 'failed',
  reference,
  step: 'writing a row that others keep changing',
});

async function planRound(
  reader: RowReader,
  open: readonly RowDraft[],
  circlesOf: CirclesOf,
): Promise<WritePlan> {
  const snapshot = await readSnapshot(reader, open);
  const plan = planWrites(open, snapshot);
  const parked = plan.decided.filter((result) => result.kind === 'parked');
  if (parked.length === 0) return plan;
  const circles = await circlesOf(parked);
  return circles.size === 0 ? plan : planWrites(open, snapshot, circles);
}

/** Sends the plan. A write without a result here is to be read and decided again. */
async function execute(
  reader: RowReader,
  plan: WritePlan,
  created: Set<string>,
): Promise<readonly RowResult[]> {
  const operations = operationsOf(plan);
  const answers = operations.length > 0 ? await reader.dataverse.execute(operations) : [];
  const refused = learnConcepts(reader, plan.concepts, answers);
  return plan.writes.flatMap((write, index) => {
    const answer = answers[plan.concepts.length + index];
    if (answer === undefined) return [];
    if (answer.kind === 'written') {
      reader.directory.set(write.draft.reference, write.rowId);
      if (write.operation.kind === 'create') created.add(write.draft.reference);
    }
    return interpret(reader, { write, answer, refused }) ?? [];
  });
}

type Refusal = Extract<DataverseResult, { kind: 'refused' }>;

function learnConcepts(
  { directory }: RowReader,
  concepts: readonly ConceptValue[],
  answers: readonly DataverseResult[],
): ReadonlyMap<string, Refusal> {
  const refused = new Map<string, Refusal>();
  concepts.forEach((concept, index) => {
    const answer = answers[index];
    if (answer?.kind === 'written' || answer?.kind === 'conflict') {
      directory.set(conceptKey(concept), conceptRowId(concept));
    } else if (answer?.kind === 'refused') {
      refused.set(conceptKey(concept), answer);
    }
  });
  return refused;
}

interface Answered {
  readonly write: PlannedWrite;
  readonly answer: DataverseResult;
  readonly refused: ReadonlyMap<string, Refusal>;
}

/** The ending of one write, or undefined when the row has to be read and decided again. */
function interpret(reader: RowReader, { write, answer, refused }: Answered): RowResult | undefined {
  const { draft, rowId, awaits } = write;
  const { reference, versionId, lastUpdated, root } = draft;
  switch (answer.kind) {
    case 'written': {
      const created = write.operation.kind === 'create';
      const revived = isRevival(write) ? { revived: true } : {};
      const made = { created, ...revived };
      const row = { reference, versionId, lastUpdated, table: root.table, rowId, ...made };
      const waits = awaits === undefined ? {} : { awaits };
      return write.incomplete ? undefined : { kind: 'written', ...row, ...waits };
    }
    case 'refused':
      return { kind: 'rejected', reference, problem: refusalProblem(answer, root.name) };
    case 'missing':
      return afterMissing(reader, draft, refused);
    case 'failed':
      return { kind: 'failed', reference, step: 'writing the row', ...waitOf(answer) };
    default:
      return undefined;
  }
}

const isRevival = ({ operation }: PlannedWrite): boolean =>
  operation.kind === 'update' && operation.row['statecode'] === 0;

/** A bound row is gone: what we remember of this draft's references is not to be trusted. */
function afterMissing(
  { directory }: RowReader,
  draft: RowDraft,
  refused: ReadonlyMap<string, Refusal>,
): RowResult | undefined {
  const concepts = conceptsOf(draft).map(conceptKey);
  for (const key of [draft.reference, ...referencesOf(draft), ...concepts]) directory.forget(key);
  const cause = concepts.map((key) => refused.get(key)).find((refusal) => refusal !== undefined);
  if (cause === undefined) return undefined;
  const problem = refusalProblem(cause, draft.root.name);
  return { kind: 'rejected', reference: draft.reference, problem };
}

const waitOf = ({ retryAfterSeconds }: { readonly retryAfterSeconds?: number }) =>
  retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
