import { z } from 'zod';
import { migrationPlan, pollSeconds } from './plan.ts';
import { type RunState, runStates } from './run-states.ts';

// What a migration remembers in Table storage. Each record has one writer, so that nothing that
// one writes is lost to another.

const count = z.int().min(0);
const instant = z.string();
export const side = z.enum(['source', 'target']);

/** Where bytes of a migration are. */
export type Side = z.infer<typeof side>;

const typeLedger = z
  .object({ exported: count, loaded: count, present: count, quarantined: count })
  .readonly();
export const windowLedger = z.record(z.string(), typeLedger).readonly();

/** A migration as its orchestration knows it; written by the orchestration's steps only. */
export const runRecord = z
  .object({
    id: z.string(),
    state: z.custom<RunState>((value) => runStates.some((state) => state === value)),
    /** Why it is paused, blocked or waiting; with the remedy where a person has to act. */
    reason: z.string().nullable(),
    startedAt: instant,
    /** When the state last changed, by the app's clock. */
    changedAt: instant,
    /** Start of the first window, and the end of the last one that was planned; by the source's clock. */
    begin: instant.nullable(),
    cursor: instant.nullable(),
    /** Windows planned so far; the number of the last one. */
    windows: count,
    proofs: count,
    /** Proofs in a row that found something to mend. */
    mends: count,
    /** Bytes of NDJSON per resource version, as measured. */
    bytesPerResource: z.number(),
    blockedTimes: count,
    /** The end of what the migration covers: the source has not changed after it. */
    frozenAt: instant.nullable(),
    /** Which `$export` the source speaks; null: it has none and is read by search. */
    exportDialect: z.enum(['ahds', 'ig']).nullable(),
    /** The target has `$import`; otherwise it is written in bundles. */
    bulkImport: z.boolean(),
  })
  .readonly();
export type RunRecord = z.infer<typeof runRecord>;

/** What people ordered; written by the API only. */
export const ordersRecord = z
  .object({
    plan: migrationPlan,
    pause: z.boolean(),
    stop: z.boolean(),
    cutOver: z.boolean(),
    orderedAt: instant,
    /** The last order to try quarantined lines again; of one cause, or of all. */
    replay: z.object({ at: instant, cause: z.string().nullable() }).readonly().optional(),
  })
  .readonly();
export type OrdersRecord = z.infer<typeof ordersRecord>;

/** One `$export` of a stretch of time from one side: for a window of the copy, or for a proof. */
export const extractRecord = z
  .object({
    name: z.string(),
    side,
    /** Includes the overlap with what came before. */
    since: instant.nullable(),
    /** Null: up to now. */
    till: instant.nullable(),
    /** Versions that the service counted in it before. */
    expected: count,
    /** Jobs started for it so far; the last of them counts. */
    attempt: count,
    state: z.enum(['planned', 'running', 'exported']),
    chunks: count,
    /** Lines that the manifest names. */
    lines: count,
    /** Looks at a job that said it was done with fewer lines than were counted. */
    shortLooks: count,
    /** `_maxCount`; lowered when the server ran out of memory. */
    maxCount: count.nullable(),
  })
  .readonly();
export type ExtractRecord = z.infer<typeof extractRecord>;

export const jobRecord = z
  .object({
    kind: z.enum(['export', 'import']),
    /** The extract, or the window and batch, that it works for. */
    purpose: z.string(),
    side,
    attempt: count,
    /** `intended` is written before the kick-off, so that a crash between the two is noticed. */
    state: z.enum(['intended', 'running', 'ended', 'lost']),
    statusUrl: z.string().nullable(),
    container: z.string().nullable(),
    intendedAt: instant,
    endedAt: instant.nullable(),
    /** As planned when it was started: a look need not read the plan. */
    pollSeconds: pollSeconds.optional(),
    /** An export: which `$export` it is asked for. */
    dialect: z.enum(['ahds', 'ig']).optional(),
    /** Since when no look has told anything about the job. */
    troubleSince: instant.nullable().optional(),
  })
  .readonly();
export type JobRecord = z.infer<typeof jobRecord>;

/** One window of the copy. */
export const windowRecord = z
  .object({
    number: count,
    since: instant,
    till: instant,
    state: z.enum(['exporting', 'importing', 'closed']),
    expected: count,
    /** Import operations so far. */
    batches: count,
    ledger: windowLedger,
    bytes: z.number(),
    startedAt: instant,
    closedAt: instant.nullable(),
  })
  .readonly();
export type WindowRecord = z.infer<typeof windowRecord>;

/** How far the reading of a service without `$export` is, page by page. */
export const pullRecord = z
  .object({
    /** Place of the type under way among those that are read. */
    type: count,
    /** Where in it; null: at its beginning. Holds links, no clinical data. */
    cursor: z.string().nullable(),
    chunks: count,
    lines: count,
    done: z.boolean(),
  })
  .readonly();
export type PullRecord = z.infer<typeof pullRecord>;

/** Files of one type out of an export that one activity handles. */
export const chunkRecord = z
  .object({
    number: count,
    type: z.string().nullable(),
    files: z.array(z.object({ url: z.string(), count: count.nullable() }).readonly()).readonly(),
    requiresAccessToken: z.boolean(),
    /** The job whose manifest names the files; links that have ended are asked for there again. */
    job: z
      .object({ migrationId: z.string(), purpose: z.string(), attempt: count })
      .readonly()
      .optional(),
  })
  .readonly();
export type ChunkRecord = z.infer<typeof chunkRecord>;

/** A file ready for `$import`. */
export const stagedFile = z
  .object({
    type: z.string(),
    url: z.string(),
    etag: z.string(),
    lines: count,
    bytes: count,
    /** Bytes of the longest line: a processing unit of the import has to hold it. */
    longest: count,
    /** Files of different layers go into different operations; 0 when absent. */
    layer: count.optional(),
  })
  .readonly();
export type StagedFile = z.infer<typeof stagedFile>;

/** What staging a chunk came to: lines by type, and the files for import. */
export const stagedRecord = z
  .object({
    chunk: count,
    ledger: windowLedger,
    bytes: count,
    files: z.array(stagedFile).readonly(),
    /** Lines are moved and layered as the inspection of the window found right. */
    mended: z.boolean().optional(),
  })
  .readonly();
export type StagedRecord = z.infer<typeof stagedRecord>;

/** One `$import` operation, and what became of its lines; its files are records of their own. */
export const batchRecord = z
  .object({
    /** `1`, `2`, …; what came out of `2` is `2.0`, `2.1`, … */
    name: z.string(),
    files: count,
    lines: count,
    unitBytes: count.nullable(),
    /** Operations that the lines have been part of before. */
    depth: count,
    settled: z.boolean(),
    /** Loaded, present and quarantined lines; the others went into later batches. */
    ledger: windowLedger,
  })
  .readonly();
export type BatchRecord = z.infer<typeof batchRecord>;

/** How far the writing of a batch in Bundles is. */
export const loadRecord = z
  .object({
    /** Place among the files of the batch; offset of the next line in it, and its number. */
    file: count,
    offset: count,
    line: z.int().min(1),
    steps: count,
    lines: count,
    ledger: windowLedger,
  })
  .readonly();
export type LoadRecord = z.infer<typeof loadRecord>;

/** A version that could not be moved, with the place of its line, so that it can be tried again. */
export const quarantinedVersion = z
  .object({
    window: count,
    reference: z.string(),
    versionId: z.string().nullable(),
    /** By the source's clock, where the line tells it. */
    lastUpdated: instant.nullable().optional(),
    cause: z.string(),
    remedy: z.string(),
    /** Blob, and where in it the line is. */
    file: z.string(),
    offset: count,
    bytes: count,
    at: instant,
  })
  .readonly();
export type QuarantinedVersion = z.infer<typeof quarantinedVersion>;

/** One order to try quarantined lines again, and what came of it. */
export const replayRecord = z
  .object({
    orderedAt: instant,
    cause: z.string().nullable(),
    /** Null: nothing was left to try. */
    window: count.nullable(),
    settled: z.boolean(),
    loaded: count,
  })
  .readonly();
export type ReplayRecord = z.infer<typeof replayRecord>;

/** What was done to a version so that both sides are equal. */
export const repairRecord = z
  .object({
    kind: z.enum(['moved-last-updated', 'hard-deleted', 'deleted', 'loaded-again', 'replayed']),
    reference: z.string(),
    versionId: z.string().nullable(),
    detail: z.string(),
    /** The last window that was planned when it was found while copying. */
    window: count.optional(),
    /** The instant that the version has in the target, and by how many milliseconds it was moved. */
    lastUpdated: instant.optional(),
    movedBy: z.int().optional(),
    at: instant,
  })
  .readonly();
export type RepairRecord = z.infer<typeof repairRecord>;

/** One comparison of both sides, whole. */
export const proofRecord = z
  .object({
    number: count,
    /** `versions` when history is carried. */
    mode: z.enum(['versions', 'current']),
    countVersions: z.boolean(),
    /** Ends of the windows; the digests are parted by them. */
    boundaries: z.array(instant).readonly(),
    /** Parts that references are checked in, each small enough to be held at once; 0: they are not checked. */
    partitions: count.default(0),
    salt: z.string(),
    begunAt: instant,
    comparedAt: instant.nullable(),
    /** Entries of the source; differences, quarantined versions left out. */
    entries: count,
    differences: count,
    excepted: count,
  })
  .readonly();
export type ProofRecord = z.infer<typeof proofRecord>;
