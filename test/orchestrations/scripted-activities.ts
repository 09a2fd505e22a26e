import type { OrchestrationHandler } from 'durable-functions';
import type { Activities } from '../../activities/index.ts';
import type { InlineActivity, RunResult } from '../../local/host/testing/index.ts';
import { runOrchestrator } from '../../local/host/testing/index.ts';
import { resyncPatient } from '../../orchestrations/resync-patient.ts';
import type { SyncChangesInput } from '../../orchestrations/sync-changes.ts';
import { syncChanges } from '../../orchestrations/sync-changes.ts';
import type { Change } from '../../shared/events/index.ts';
import { type OutcomeCounts, type OutcomeKind, referenceOf } from '../../shared/outcomes/index.ts';

export type Input<Name extends keyof Activities> = Parameters<Activities[Name]>[0];
export type Output<Name extends keyof Activities> = Awaited<ReturnType<Activities[Name]>>;

/** Answers instead of the real activities; the input has the type that the orchestration gave it. */
export type Script = {
  readonly [Name in keyof Activities]?: (
    input: Input<Name>,
  ) => Output<Name> | Promise<Output<Name>>;
};

type AllScript = {
  readonly [Name in keyof Activities]: (input: Omit<Input<Name>, 'packHash'>) => Output<Name>;
};

/** A world in which everything succeeds: each resource gets a new row, and its identifier. */
export const allGoesWell: AllScript = {
  readChanges: ({ changes }) => ({
    current: [...new Set(changes.map(referenceOf))].map(version),
    gone: [],
    consentTurns: [],
    ended: [],
    failed: [],
  }),
  removeRows: ({ references }) => ({
    ended: references.map((reference) => ({ reference, kind: 'removed' as const })),
    failed: [],
  }),
  decideConsent: ({ resources }) => ({
    permitted: resources.map((resource) => ({ ...resource, patients: [] })),
    ended: [],
    refused: [],
    failed: [],
  }),
  withdrawRows: () => ({ rows: [], failed: [] }),
  upsertRows: ({ resources }) => ({
    written: resources.map((resource) => writtenRow(resource.reference)),
    expansions: [],
    awaited: resources.map(({ reference }) => reference),
    ended: [],
    failed: [],
  }),
  expandRows: ({ rows }) => ({
    expanded: rows.map(({ reference }) => ({
      reference,
      children: { added: 1, changed: 0, removed: 0 },
    })),
    ended: [],
    failed: [],
  }),
  writeBackIdentifiers: ({ rows }) => ({
    identified: rows.map(({ reference }) => ({ reference, identifierVersion: '2' })),
    ended: [],
    failed: [],
  }),
  confirmConsent: () => ({ turned: [] }),
  parkChanges: () => ({ ready: [] }),
  claimWaiters: () => ({ waiters: [] }),
  recordOutcomes: ({ outcomes }) => ({ recorded: outcomes.length }),
  reviewPatients: () => ({ withdraw: [], backfill: [] }),
  withdrawPatient: () => ({ rows: [{ table: 'contact', rowId: 'row-1' }], more: false }),
  findCompartment: () => ({ changes: [] }),
  clearWithheld: ({ patient }) => ({ cleared: patient }),
};

export const version = (reference: string) => ({
  reference,
  versionId: '1',
  lastUpdated: '2026-01-01T00:00:00Z',
});

export const writtenRow = (reference: string): Output<'upsertRows'>['written'][number] => ({
  ...version(reference),
  table: 'contact',
  rowId: `row-${reference}`,
  created: true,
  outcome: 'applied',
});

export function scripted(script: Script): Readonly<Record<string, InlineActivity>> {
  return { ...allGoesWell, ...script };
}

export function change(reference: string, more: Partial<Change> = {}): Change {
  const [resourceType = '', id = ''] = reference.split('/');
  return {
    changeId: `event-${resourceType}-${id}-${more.versionId ?? '1'}`,
    resourceType,
    id,
    versionId: '1',
    kind: 'updated',
    cause: 'event',
    occurredAt: '2026-01-01T00:00:00.000Z',
    ...more,
  };
}

export function inputFor(
  changes: readonly Change[],
  more: Partial<SyncChangesInput> = {},
): SyncChangesInput {
  return {
    changes,
    set: {
      cause: 'events',
      receivedAt: '2026-01-01T00:00:00.000Z',
      received: changes.length,
      echoes: 0,
      quarantined: 0,
      ignored: 0,
      taken: { parked: 0, rejected: 0 },
    },
    retry: { firstSeconds: 5, maxSeconds: 300, attempts: 4 },
    packHash: 'pack-at-the-start',
    ...more,
  };
}

export interface SyncRun extends RunResult {
  /** Inputs of one activity, in the order of the calls. */
  inputsOf<Name extends keyof Activities>(name: Name): readonly Input<Name>[];
  readonly names: readonly string[];
}

/** Runs change sync, with its children, on the SDK's executor, the local engine and a virtual clock. */
export async function runSync(
  input: SyncChangesInput,
  script: Script = {},
  children: Readonly<Record<string, OrchestrationHandler>> = {},
): Promise<SyncRun> {
  const run = await runOrchestrator(syncChanges, {
    input,
    instanceId: 'sync-1',
    activities: scripted(script),
    orchestrations: { syncChanges, resyncPatient, ...children },
  });
  return withInputs(run);
}

export function withInputs(run: RunResult): SyncRun {
  return {
    ...run,
    names: run.activityCalls.map(({ name }) => name),
    inputsOf: <Name extends keyof Activities>(wanted: Name) =>
      run.activityCalls
        .filter(({ name }) => name === wanted)
        .map(({ input }) => input as Input<Name>),
  };
}

/** Counts by kind, those that are zero left out. */
export function nonZero(counts: OutcomeCounts): Partial<Record<OutcomeKind, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== 0));
}

/** A script that answers differently from call to call; the last answer stays. */
export function inTurn<In, Out>(...answers: readonly ((input: In) => Out)[]): (input: In) => Out {
  let call = 0;
  return (input) => {
    const answer = answers[Math.min(call, answers.length - 1)];
    call += 1;
    if (answer === undefined) throw new Error('inTurn needs an answer');
    return answer(input);
  };
}

export function fails(): never {
  // Without a stack, because recorded histories keep it.
  throw Object.assign(new Error('the service does not answer'), { stack: '' });
}
