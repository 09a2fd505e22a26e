import { type ChangeSets, createChangeSets } from './change-sets.ts';
import { createDeadLetters, type DeadLetters } from './dead-letters.ts';
import { createOwnWrites, type OwnWrites } from './own-writes.ts';
import { createParked, type Parked } from './parked.ts';
import { createQuarantine, type Quarantine } from './quarantine.ts';
import { openTable } from './state-table.ts';
import { createStories, type Stories } from './stories.ts';
import { createWithheldPatients, type WithheldPatients } from './withheld-patients.ts';

export type { ChangeSetRecord, Totals } from './change-sets.ts';
export type { OwnWrite } from './own-writes.ts';
export type { ParkedChange } from './parked.ts';
export { keyPart, openTable, type StateTable } from './state-table.ts';
export type { Chapter } from './stories.ts';

/** What the product remembers between orchestrations. References and counts only. */
export interface Ledger {
  readonly changeSets: ChangeSets;
  readonly stories: Stories;
  readonly parked: Parked;
  readonly ownWrites: OwnWrites;
  readonly deadLetters: DeadLetters;
  readonly withheldPatients: WithheldPatients;
  readonly quarantine: Quarantine;
}

/**
 * Opens the ledger in Azure Table storage.
 * @param storage connection string, or the URL of the table service
 */
export function createLedger(storage: string): Ledger {
  return {
    changeSets: createChangeSets(openTable(storage, 'fdsChangeSets')),
    stories: createStories(openTable(storage, 'fdsStories')),
    parked: createParked({
      waiting: openTable(storage, 'fdsParked'),
      claims: openTable(storage, 'fdsParkedClaims'),
    }),
    ownWrites: createOwnWrites(openTable(storage, 'fdsOwnWrites')),
    deadLetters: createDeadLetters(openTable(storage, 'fdsDeadLetters')),
    withheldPatients: createWithheldPatients(openTable(storage, 'fdsWithheldPatients')),
    quarantine: createQuarantine(openTable(storage, 'fdsQuarantine')),
  };
}
