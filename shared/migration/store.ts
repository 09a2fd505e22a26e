import type { z } from 'zod';
import { keyPart, openTable, type StateTable } from '../ledger/index.ts';
import {
  type BatchRecord,
  batchRecord,
  type ChunkRecord,
  chunkRecord,
  type ExtractRecord,
  extractRecord,
  type JobRecord,
  jobRecord,
  type LoadRecord,
  loadRecord,
  type OrdersRecord,
  ordersRecord,
  type ProofRecord,
  type PullRecord,
  proofRecord,
  pullRecord,
  type QuarantinedVersion,
  quarantinedVersion,
  type RepairRecord,
  type ReplayRecord,
  type RunRecord,
  repairRecord,
  replayRecord,
  runRecord,
  type StagedFile,
  type StagedRecord,
  stagedFile,
  stagedRecord,
  type WindowRecord,
  windowRecord,
} from './records.ts';
import {
  type CleanupRecord,
  cleanupRecord,
  type DeleteLookRecord,
  deleteLookRecord,
  type EstimateRecord,
  estimateRecord,
  type FreezeRecord,
  freezeRecord,
  type ImportProgress,
  importProgress,
} from './side-records.ts';

/** Records of one kind, below a partition, by a key of their own. */
export interface Records<T> {
  get(partition: string, row: string): Promise<T | undefined>;
  put(partition: string, row: string, record: T): Promise<void>;
  putAll(
    records: readonly {
      readonly partition: string;
      readonly row: string;
      readonly record: T;
    }[],
  ): Promise<void>;
  /** In the order of their keys. */
  list(partition: string, limit?: number): Promise<readonly T[]>;
  each(partition: string): AsyncIterable<T>;
  remove(partition: string, row: string): Promise<void>;
}

/** Everything that migrations remember, in Azure Table storage. References and counts only. */
export interface MigrationStore {
  /** Partition `runs`, row = id of the migration. */
  readonly runs: Records<RunRecord>;
  readonly orders: Records<OrdersRecord>;
  readonly estimates: Records<EstimateRecord>;
  readonly freezes: Records<FreezeRecord>;
  readonly deleteLooks: Records<DeleteLookRecord>;
  readonly cleanups: Records<CleanupRecord>;
  /** Partition = id of the migration, as of all below; row = name of the extract. */
  readonly extracts: Records<ExtractRecord>;
  /** Row = name of the extract. */
  readonly pulls: Records<PullRecord>;
  readonly jobs: Records<JobRecord>;
  /** Row = `numbered(window)`. */
  readonly windows: Records<WindowRecord>;
  readonly imports: Records<ImportProgress>;
  /** Partition = `inside(migration, extract)`, row = `numbered(chunk)`. */
  readonly chunks: Records<ChunkRecord>;
  readonly staged: Records<StagedRecord>;
  /** Partition = `inside(migration, windowName)`, row = name of the batch. */
  readonly batches: Records<BatchRecord>;
  /** Partition = `inside(migration, windowName, batch)`, row = `numbered(file)`. */
  readonly batchFiles: Records<StagedFile>;
  /** Row = window and batch. */
  readonly loads: Records<LoadRecord>;
  readonly quarantine: Records<QuarantinedVersion>;
  readonly repairs: Records<RepairRecord>;
  /** Row = when it was ordered. */
  readonly replays: Records<ReplayRecord>;
  readonly proofs: Records<ProofRecord>;
}

/** Rows and partitions with numbers sort by them. */
export const numbered = (number: number): string => String(number).padStart(7, '0');

export const inside = (...parts: readonly string[]): string => parts.map(keyPart).join('!');

export const windowName = (window: number): string => `window-${numbered(window)}`;

/** @param storage connection string, or the URL of the table service */
export function createMigrationStore(storage: string): MigrationStore {
  const open = <T>(name: string, schema: z.ZodType<T>): Records<T> =>
    recordsOf(openTable(storage, `fdsMigration${name}`), schema);
  return {
    runs: open('Runs', runRecord),
    orders: open('Orders', ordersRecord),
    estimates: open('Estimates', estimateRecord),
    freezes: open('Freezes', freezeRecord),
    deleteLooks: open('DeleteLooks', deleteLookRecord),
    cleanups: open('Cleanups', cleanupRecord),
    extracts: open('Extracts', extractRecord),
    pulls: open('Pulls', pullRecord),
    jobs: open('Jobs', jobRecord),
    windows: open('Windows', windowRecord),
    imports: open('Imports', importProgress),
    chunks: open('Chunks', chunkRecord),
    staged: open('Staged', stagedRecord),
    batches: open('Batches', batchRecord),
    batchFiles: open('BatchFiles', stagedFile),
    loads: open('Loads', loadRecord),
    quarantine: open('Quarantine', quarantinedVersion),
    repairs: open('Repairs', repairRecord),
    replays: open('Replays', replayRecord),
    proofs: open('Proofs', proofRecord),
  };
}

function recordsOf<T>(table: StateTable, schema: z.ZodType<T>): Records<T> {
  const each = async function* (partition: string, limit?: number): AsyncGenerator<T> {
    const range = limit === undefined ? { partition } : { partition, limit };
    for await (const { body } of table.list(range)) yield schema.parse(body);
  };
  const bodyOf = (record: T): object => Object(record);
  return {
    get: async (partition, row) => {
      const body = await table.get({ partition, row: keyPart(row) });
      return body === undefined ? undefined : schema.parse(body);
    },
    put: (partition, row, record) => table.put({ partition, row: keyPart(row) }, bodyOf(record)),
    putAll: (records) =>
      table.putAll(
        records.map(({ partition, row, record }) => ({
          key: { partition, row: keyPart(row) },
          body: bodyOf(record),
        })),
      ),
    list: async (partition, limit) => {
      const found: T[] = [];
      for await (const record of each(partition, limit)) found.push(record);
      return found;
    },
    each: (partition) => each(partition),
    remove: (partition, row) => table.remove({ partition, row: keyPart(row) }),
  };
}
