import type { ParkedChange } from '../shared/ledger/index.ts';
import type { MaplessDependencies } from './dependencies.ts';

export interface ClaimWaitersInput {
  /** The orchestration that goes on with the waiters. */
  readonly instanceId: string;
  /** Resources that have a row now and had none before, `Type/id`. */
  readonly references: readonly string[];
}

export interface ClaimWaitersOutput {
  readonly waiters: readonly ParkedChange[];
}

/** Finds the changes that waited for these rows, and takes over those that nobody else has taken. */
export async function claimWaiters(
  { ledger }: MaplessDependencies,
  { instanceId, references }: ClaimWaitersInput,
): Promise<ClaimWaitersOutput> {
  const waiting = await ledger.parked.waitingFor(references);
  return { waiters: waiting.length > 0 ? await ledger.parked.claim(waiting, instanceId) : [] };
}
