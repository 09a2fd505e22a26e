import type { ChangeSetRecord, Chapter, ParkedChange } from '../shared/ledger/index.ts';
import type { ChangeOutcome } from '../shared/outcomes/index.ts';
import type { MaplessDependencies } from './dependencies.ts';

export interface RecordOutcomesInput {
  readonly instanceId: string;
  readonly at: string;
  readonly outcomes: readonly ChangeOutcome[];
  /** The whole set, with its counts: written last, so that a set is closed only when all its outcomes can be looked up. */
  readonly record: ChangeSetRecord;
  /** Waiting changes that this set took over. */
  readonly released: readonly ParkedChange[];
  /** Dead letters that this set tried again. */
  readonly redriven: readonly Chapter[];
}

export interface RecordOutcomesOutput {
  readonly recorded: number;
}

/**
 * Writes the ending of each change where a person can look it up, then closes
 * the set. Every record is written whole under a key of its own: doing it twice
 * changes nothing.
 */
export async function recordOutcomes(
  { ledger }: MaplessDependencies,
  { instanceId, at, outcomes, record, released, redriven }: RecordOutcomesInput,
): Promise<RecordOutcomesOutput> {
  const chapters = outcomes.map((outcome): Chapter => ({ instanceId, at, outcome }));
  await ledger.stories.record(chapters);
  await ledger.deadLetters.record(chapters.filter(({ outcome }) => outcome.kind === 'rejected'));
  await ledger.deadLetters.settle(redriven.filter((letter) => !isRepeated(letter, outcomes)));
  await ledger.parked.release(stillWaiting(released, outcomes));
  await ledger.changeSets.close(record);
  return { recorded: outcomes.length };
}

/** A change that was parked again for the same reference keeps its place in the waiting room. */
function stillWaiting(
  released: readonly ParkedChange[],
  outcomes: readonly ChangeOutcome[],
): readonly ParkedChange[] {
  const parkedFor = new Map(
    outcomes.map(({ change, kind, waitingFor }) => [
      change.changeId,
      kind === 'parked' ? waitingFor?.[0] : undefined,
    ]),
  );
  return released.filter(({ change, waitingFor }) => parkedFor.get(change.changeId) !== waitingFor);
}

/** The same cause again keeps its dead letter, which was just written anew. */
function isRepeated({ outcome }: Chapter, outcomes: readonly ChangeOutcome[]): boolean {
  return outcomes.some(
    ({ change, problem }) =>
      change.changeId === outcome.change.changeId && problem?.cause === outcome.problem?.cause,
  );
}
