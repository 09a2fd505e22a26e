import type { Activities, PermittedResource } from '../activities/index.ts';
import type { Change } from '../shared/events/index.ts';
import type { FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';
import { remoteCall } from './retry.ts';
import { rowEndings } from './row-endings.ts';
import {
  all,
  fanOutStepsOf,
  type Orchestration,
  type OrchestrationContext,
  stepsOf,
} from './steps.ts';

export interface SyncRound {
  readonly endings: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
  /** Resources that got their row in this round. */
  readonly created: readonly string[];
  /** Patients whose Consent changed, or was found changed while their rows were written. */
  readonly consentTurns: readonly string[];
}

const none = { ended: [], failed: [] } as const;

/** One pass of a change set: read, remove what is gone, ask consent, bring the rows in line. */
export function* syncRound(
  context: OrchestrationContext,
  changes: readonly Change[],
): Orchestration<SyncRound> {
  const steps = stepsOf<Activities>(context, remoteCall);

  const { current, gone, ...read } = yield* steps.readChanges({ changes });
  const removed = gone.length > 0 ? yield* steps.removeRows({ references: gone }) : none;
  const consent =
    current.length > 0
      ? yield* steps.decideConsent({ resources: current })
      : { ...none, permitted: [], refused: [] };
  if (consent.refused.length > 0) yield* steps.withdrawRows({ references: consent.refused });
  const rows = yield* syncRows(context, consent.permitted);

  return {
    endings: [...read.ended, ...removed.ended, ...consent.ended, ...rows.endings],
    failed: [...read.failed, ...removed.failed, ...consent.failed, ...rows.failed],
    created: rows.created,
    consentTurns: [...new Set([...read.consentTurns, ...rows.consentTurns])],
  };
}

/** Root rows, their children in parallel, the identifier back to FHIR, and one more look at consent. */
function* syncRows(
  context: OrchestrationContext,
  permitted: readonly PermittedResource[],
): Orchestration<SyncRound> {
  if (permitted.length === 0) return { endings: [], failed: [], created: [], consentTurns: [] };
  const steps = stepsOf<Activities>(context, remoteCall);
  const { expandRows } = fanOutStepsOf<Activities>(context);

  const upserted = yield* steps.upsertRows({ resources: permitted });
  const rows = new Map(upserted.written.map((row) => [row.reference, row]));
  const expanded = yield* all(
    context,
    upserted.expansions.map(({ references, ...task }) =>
      expandRows({ ...task, rows: references.flatMap((reference) => rows.get(reference) ?? []) }),
    ),
  );
  const identified =
    rows.size > 0
      ? yield* steps.writeBackIdentifiers({ rows: upserted.written })
      : { ...none, identified: [] };
  const about = permitted.filter(({ reference }) => rows.has(reference));
  const { turned } =
    about.length > 0 ? yield* steps.confirmConsent({ resources: about }) : { turned: [] };

  return {
    ...rowEndings({ permitted, upserted, expanded, identified, turned }),
    created: upserted.written.filter(({ created }) => created).map(({ reference }) => reference),
    consentTurns: turned,
  };
}
