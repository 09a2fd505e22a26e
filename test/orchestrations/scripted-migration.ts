import type { MigrationActivities } from '../../activities/migration/index.ts';
import {
  type InlineActivity,
  type RunResult,
  runOrchestrator,
} from '../../local/host/testing/index.ts';
import { migrate } from '../../orchestrations/migrate.ts';
import { exportWindow, importWindow } from '../../orchestrations/migrate-window.ts';
import { digestSide, proveEquality } from '../../orchestrations/prove-equality.ts';

export type StepName = keyof MigrationActivities;
export type StepInput<Name extends StepName> = Parameters<MigrationActivities[Name]>[0];
type StepOutput<Name extends StepName> = Awaited<ReturnType<MigrationActivities[Name]>>;

/** Answers instead of the real steps; an answer needs only what an orchestration looks at. */
export type MigrationScript = {
  readonly [Name in StepName]?: (
    input: StepInput<Name>,
  ) => Partial<StepOutput<Name>> | Promise<Partial<StepOutput<Name>>>;
};

/** A service of one window in which everything succeeds. */
export const allGoesWell: MigrationScript = {
  assess: () => ({ kind: 'assessed' }),
  carrySearchParameters: () => ({ kind: 'carried', written: 0 }),
  indexSearchParameters: () => ({ kind: 'indexed' }),
  recordPrepared: () => ({ kind: 'recorded' }),
  recordBlock: () => ({ kind: 'recorded' }),
  startExtract: () => ({ kind: 'started' }),
  pollExtract: () => ({ kind: 'ready', chunks: 2 }),
  readAhead: ({ lines, seconds }) => ({ kind: 'read', lines, seconds, complete: false }),
  stageChunk: () => ({ kind: 'staged', lines: 1 }),
  sealStaging: () => ({ kind: 'sealed', lines: 2 }),
  applyDeletes: () => ({ kind: 'applied' }),
  planImport: () => ({ kind: 'planned', batches: ['1'] }),
  startImport: () => ({ kind: 'started' }),
  pollImport: () => ({ kind: 'ended' }),
  settleImport: () => ({ kind: 'settled', next: [] }),
  closeWindow: () => ({ kind: 'closed', exported: 2 }),
  findHardDeletes: () => ({ kind: 'looked', removed: 0 }),
  beginProof: () => ({ kind: 'begun', partitions: 0 }),
  digestChunk: () => ({ kind: 'digested', entries: 1 }),
  compareSides: () => ({ kind: 'compared', entries: 2, differences: 0 }),
  concludeProof: () => ({ kind: 'equal' }),
  purgeStaging: () => ({ kind: 'purged', containers: 0, jobs: 0 }),
};

export interface MigrationRun extends RunResult {
  readonly names: readonly string[];
  inputsOf<Name extends StepName>(name: Name): readonly StepInput<Name>[];
}

/** Runs a migration, with its children, on the SDK's executor, the local engine and a virtual clock. */
export async function runMigration(script: MigrationScript): Promise<MigrationRun> {
  const activities: Readonly<Record<string, InlineActivity>> = { ...allGoesWell, ...script };
  const run = await runOrchestrator(migrate, {
    input: { migrationId: 'm1', move: 0 },
    instanceId: 'migration-m1',
    activities,
    orchestrations: { migrate, exportWindow, importWindow, proveEquality, digestSide },
  });
  return {
    ...run,
    names: run.activityCalls.map(({ name }) => name),
    inputsOf: <Name extends StepName>(wanted: Name) =>
      run.activityCalls
        .filter(({ name }) => name === wanted)
        .map(({ input }) => input as StepInput<Name>),
  };
}

/** Answers of the deciding step, in turn; then the end. */
export function moves(
  ...all: readonly StepOutput<'nextMove'>[]
): Required<Pick<MigrationScript, 'nextMove'>> {
  let made = 0;
  return {
    nextMove: () => {
      const move = all[made];
      made += 1;
      return move ?? { kind: 'end', state: 'completed' };
    },
  };
}

/** Answers `first` so many times, then `last`. */
export function onceAsked<Answer>(times: number, first: Answer, last: Answer): () => Answer {
  let asked = 0;
  return () => {
    asked += 1;
    return asked > times ? last : first;
  };
}

export const copying = (
  importing: number | null,
  exporting: number | null,
): StepOutput<'nextMove'> => ({ kind: 'copy', importing, exporting });
