import type { Model, Table } from '../model.ts';
import { DataverseError } from '../protocol-error.ts';
import type { RowStore } from '../row-store.ts';
import { type Candidate, findDuplicates } from './find-duplicates.ts';

interface Detection {
  readonly model: Model;
  readonly store: RowStore;
  /** Facts A7: only with the header `MSCRM.SuppressDuplicateDetection: false`. */
  readonly detectsDuplicates: boolean;
}

/** Throws 412 0x80040333 when detection is on and a published rule finds a duplicate. */
export function requireUnique(detection: Detection, table: Table, candidate: Candidate): void {
  if (detection.detectsDuplicates && findDuplicates(detection, { table, candidate }).length > 0) {
    throw new DataverseError(
      412,
      '0x80040333',
      'A record was not created or updated because a duplicate of the current record already exists.',
    );
  }
}
