import { z } from 'zod';

// Records beside those that a migration is steered by; each has one writer as well.

const count = z.int().min(0);
const instant = z.string();

/** What the assessment counted; written by it only. */
export const estimateRecord = z
  .object({
    /** Versions where history is carried, else current resources; by type. */
    types: z.record(z.string(), count).readonly(),
    total: count,
    bytesPerResource: z.number(),
    at: instant,
  })
  .readonly();
export type EstimateRecord = z.infer<typeof estimateRecord>;

/** A look at the source before the cut-over, by its own clock; two that agree make it frozen. */
export const freezeRecord = z
  .object({
    /** Changes from here on are counted. */
    since: instant,
    /** `_lastUpdated` of the newest version, deletes included; null when the source is empty. */
    newest: instant.nullable(),
    changes: count,
    lookedAt: instant,
  })
  .readonly();
export type FreezeRecord = z.infer<typeof freezeRecord>;

/**
 * How far the look for hard deletes is, by which the target follows the source while it is copied.
 * Ranges are of `_lastUpdated`; `held` is what the target was counted to hold in one.
 */
export const deleteLookRecord = z
  .object({
    state: z.enum(['open', 'done']),
    since: instant,
    till: instant,
    /** The last window that was planned when it began. */
    window: count,
    /** Yet to be looked into; the first is under way. `excess`: by how many the target has more. */
    types: z
      .array(z.object({ type: z.string(), excess: z.int(), held: count }).readonly())
      .readonly(),
    /** Of the first type; the last one is next. */
    ranges: z.array(z.object({ since: instant, till: instant, held: count }).readonly()).readonly(),
    /** What was removed of the first type, and in this look. */
    removedOfType: count,
    removed: count,
    /** By type, an excess that was looked into and found to be of nothing that is to be removed. */
    explained: z
      .record(z.string(), z.object({ excess: z.int(), at: instant }).readonly())
      .readonly(),
    /** Milliseconds that its steps took, and the end of the last one. */
    tookMs: count,
    at: instant,
    /** Why it was put off; safe to show. */
    problem: z.string().nullable(),
  })
  .readonly();
export type DeleteLookRecord = z.infer<typeof deleteLookRecord>;

/** How far the imports of a window are while they run; written by the looks at them. */
export const importProgress = z
  .object({
    window: count,
    /** The import operation under way, and its lines. */
    batch: z.string().optional(),
    lines: count.optional(),
    /** Lines of import operations that have ended before the one under way. */
    settled: count,
    /** Cumulative counts, oldest first; at most `mostSamples`. */
    samples: z
      .array(z.object({ at: instant, loaded: count, refused: count }).readonly())
      .readonly(),
  })
  .readonly();
export type ImportProgress = z.infer<typeof importProgress>;

/** The removal of everything that is not needed once a migration is at rest. */
export const cleanupRecord = z
  .object({
    /** When the migration came to rest: what is staged after that needs a cleanup of its own. */
    of: instant,
    state: z.enum(['done', 'failing']),
    attempts: count,
    /** Jobs that were still open on a service and were ended. */
    jobsEnded: count,
    containersRemoved: count,
    /** What keeps it from being done; safe to show. */
    problem: z.string().nullable(),
    at: instant,
  })
  .readonly();
export type CleanupRecord = z.infer<typeof cleanupRecord>;
