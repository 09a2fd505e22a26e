import type { ParkedChange } from '../shared/ledger/index.ts';
import { type ChangeOutcome, referenceOf } from '../shared/outcomes/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { findRows } from './remove-rows.ts';

export interface ParkChangesInput {
  /** The orchestration that goes on with what need not wait after all. */
  readonly instanceId: string;
  readonly parked: readonly ChangeOutcome[];
  /** When they were parked; the same for each repetition of this step. */
  readonly since: string;
}

export interface ParkChangesOutput {
  /** Need not wait: the awaited row came while they were being parked, or waits for them in turn. */
  readonly ready: readonly ParkedChange[];
}

/**
 * Puts changes into the waiting room, then looks once more whether the awaited
 * row is there. Either this look sees the row, or whoever makes the row sees the
 * waiters: none is forgotten between the two.
 */
export async function parkChanges(
  deps: ActivityDependencies,
  { instanceId, parked, since }: ParkChangesInput,
): Promise<ParkChangesOutput> {
  const waiting = parked.flatMap(({ change, waitingFor }): readonly ParkedChange[] => {
    const awaited = waitingFor?.[0];
    return awaited === undefined ? [] : [{ change, waitingFor: awaited, since }];
  });
  await deps.ledger.parked.park(waiting);
  const awaited = [...new Set(waiting.map((item) => item.waitingFor))];
  const present = new Set((await findRows(deps, awaited)).map(({ reference }) => reference));
  const circular = await inCircles(deps, waiting);
  const ready = waiting.filter((item) => present.has(item.waitingFor) || circular.has(item));
  return { ready: await deps.ledger.parked.claim(ready, instanceId) };
}

/** Two changes that wait for each other would wait for ever; the second to be parked notices. */
async function inCircles(
  { ledger }: ActivityDependencies,
  waiting: readonly ParkedChange[],
): Promise<ReadonlySet<ParkedChange>> {
  const waiters = await ledger.parked.waitingFor(waiting.map(({ change }) => referenceOf(change)));
  const waitsFor = new Set(waiters.map((item) => `${referenceOf(item.change)} ${item.waitingFor}`));
  return new Set(
    waiting.filter((item) => waitsFor.has(`${item.waitingFor} ${referenceOf(item.change)}`)),
  );
}
