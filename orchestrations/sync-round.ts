import type { Activities, PermittedResource, PinnedPack } from '../activities/index.ts';
import type { Change } from '../shared/events/index.ts';
import type { FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';
import { remoteCall } from './retry.ts';
import { type RowAnswers, type RowEndings, rowEndings } from './row-endings.ts';
import {
  all,
  fanOutStepsOf,
  type Orchestration,
  type OrchestrationContext,
  stepsOf,
} from './steps.ts';

export interface RoundWork extends PinnedPack {
  readonly changes: readonly Change[];
}

export interface SyncRound {
  readonly endings: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
  /** What was done to the rows of resources that failed later in the round. */
  readonly halfDone: readonly ResourceEnding[];
}

/** What rounds come upon; filled at once, so that a round that breaks off loses none of it. */
export interface Found {
  /** Resources that have a row now and that changes wait for. */
  readonly awaited: Set<string>;
  /** Patients whose Consent changed, or was found changed while their rows were written. */
  readonly consentTurns: Set<string>;
}

const none = { ended: [], failed: [] } as const;

/** One pass of a change set: read, remove what is gone, ask consent, bring the rows in line. */
export function* syncRound(
  context: OrchestrationContext,
  { changes, packHash }: RoundWork,
  found: Found,
): Orchestration<SyncRound> {
  const steps = stepsOf<Activities>(context, remoteCall);

  const answer = yield* steps.readChanges({ changes, packHash });
  const { current, gone, consentTurns, ...read } = answer;
  for (const patient of consentTurns) found.consentTurns.add(patient);
  const removed = gone.length > 0 ? yield* steps.removeRows({ references: gone, packHash }) : none;
  const consent =
    current.length > 0
      ? yield* steps.decideConsent({ resources: current, packHash })
      : { ...none, permitted: [], refused: [] };
  const withdrawn =
    consent.refused.length > 0
      ? yield* steps.withdrawRows({ references: consent.refused, packHash })
      : { rows: [], failed: [] };
  const rows = yield* syncRows(context, { permitted: consent.permitted, packHash }, found);

  return {
    endings: [...read.ended, ...removed.ended, ...consent.ended, ...rows.endings],
    failed: [
      ...[...read.failed, ...removed.failed, ...consent.failed],
      ...[...withdrawn.failed, ...rows.failed],
    ],
    halfDone: rows.halfDone,
  };
}

/** Root rows, their children in parallel, the identifier back to FHIR, and one more look at consent. */
function* syncRows(
  context: OrchestrationContext,
  { permitted, packHash }: { readonly permitted: readonly PermittedResource[] } & PinnedPack,
  found: Found,
): Orchestration<RowEndings> {
  if (permitted.length === 0) return { endings: [], failed: [], halfDone: [] };
  const steps = stepsOf<Activities>(context, remoteCall);

  const upserted = yield* steps.upsertRows({ resources: permitted, packHash });
  for (const reference of upserted.awaited) found.awaited.add(reference);
  const expanded = yield* expandAll(context, upserted, packHash);
  const written = new Set(upserted.written.map(({ reference }) => reference));
  const identified =
    written.size > 0
      ? yield* steps.writeBackIdentifiers({ rows: upserted.written, packHash })
      : { ...none, identified: [] };
  const about = permitted.filter(({ reference }) => written.has(reference));
  const { turned } =
    about.length > 0 ? yield* steps.confirmConsent({ resources: about }) : { turned: [] };
  for (const patient of turned) found.consentTurns.add(patient);

  return rowEndings({ permitted, upserted, expanded, identified, turned });
}

/**
 * Child rows, one activity per expansion map, side by side. They answer and do
 * not throw; when the host loses one all the same (time limit, lost worker), all
 * parents are gone through again.
 */
function* expandAll(
  context: OrchestrationContext,
  { written, expansions }: RowAnswers['upserted'],
  packHash: string,
): Orchestration<RowAnswers['expanded']> {
  const { expandRows } = fanOutStepsOf<Activities>(context);
  const rows = new Map(written.map((row) => [row.reference, row]));
  const tasks = expansions.map(({ references, ...task }) =>
    expandRows({
      ...task,
      rows: references.flatMap((reference) => rows.get(reference) ?? []),
      packHash,
    }),
  );
  try {
    return yield* all(context, tasks);
  } catch {
    const failed = written.map(({ reference }) => ({ reference, step: 'its child rows' }));
    return [{ expanded: [], ended: [], failed }];
  }
}
