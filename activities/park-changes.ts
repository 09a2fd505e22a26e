import type { ParkedChange } from '../shared/ledger/index.ts';
import { type ChangeOutcome, referenceOf } from '../shared/outcomes/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { endlessWaits } from './endless-waits.ts';
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
  const references = waiting.map((item) => referenceOf(item.change));
  const looked = [...new Set([...waiting.map((item) => item.waitingFor), ...references])];
  const present = new Set((await findRows(deps, looked)).map(({ reference }) => reference));
  const rowless = waiting.filter((item) => !present.has(referenceOf(item.change)));
  const circular = new Set(await inCircles(deps, rowless));
  const ready = waiting.filter((item) => present.has(item.waitingFor) || circular.has(item));
  return { ready: await deps.ledger.parked.claim(ready, instanceId) };
}

/**
 * Changes that wait for each other would wait for ever; the last to be parked
 * notices. One that has its row already is not let go for this reason: whoever
 * waits for it comes first, and then it is released.
 */
async function inCircles(
  { ledger }: ActivityDependencies,
  rowless: readonly ParkedChange[],
): Promise<readonly ParkedChange[]> {
  const waits = rowless.map((item) => ({
    item,
    reference: referenceOf(item.change),
    waitingFor: item.waitingFor,
  }));
  return (await endlessWaits(ledger.parked, waits)).map(({ item }) => item);
}
