import { z } from 'zod';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text).toISOString());
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'Expected HH:MM in UTC');
const resourceType = z.string().regex(/^[A-Z][A-Za-z]{1,63}$/, 'Expected a FHIR resource type');
const between = (minimum: number, maximum: number) => z.int().min(minimum).max(maximum);

/** First and longest pause between two looks at a running job. */
export const pollSeconds = z.strictObject({
  first: z.number().min(0.05).max(60),
  most: z.number().min(0.05).max(600),
});

/**
 * What may be changed while a migration runs; it counts from the next window on. Without defaults:
 * what a change does not name stays as it is.
 */
const tuning = {
  /** Hours of the day (UTC) in which no new export or import is started. */
  pauseHours: z.strictObject({ from: timeOfDay, to: timeOfDay }).nullable(),
  /** A window holds at most this many resource versions, and this many bytes of NDJSON. */
  windowResources: between(1, 1_000_000_000),
  windowBytes: between(1_000, 1e13),
  /** Pause between rounds of an incremental copy that has caught up, in seconds. */
  intervalSeconds: between(1, 86_400),
  /** First and longest pause between two looks at a running job, in seconds. */
  pollSeconds,
  /**
   * `each-round`: what was deleted for good in the source goes from the target while it is copied;
   * `at-proof`: before the certificate only.
   */
  hardDeletes: z.enum(['each-round', 'at-proof']),
  /** `when-caught-up`: cut over as soon as nothing is left to copy. */
  cutOver: z.enum(['when-ordered', 'when-caught-up']),
};

/**
 * What a migration does; the body of `POST /api/migrations`. The services and the
 * storage come from the settings of the app, never from a caller.
 */
export const migrationPlan = z.strictObject({
  /** `lift-and-shift`: one window if it fits; `incremental`: window after window until cut over or stopped. */
  pattern: z.enum(['lift-and-shift', 'incremental']).default('incremental'),
  /** Only these types; all when empty. */
  types: z.array(resourceType).max(200).default([]),
  /** Only what was last updated in this range. Without `till` it goes on to now. */
  from: instant.nullable().default(null),
  till: instant.nullable().default(null),
  /** Carry old versions; carry deletes (as soft deletes). */
  history: z.boolean().default(true),
  deletes: z.boolean().default(true),
  /** Name of the anonymization config in the source's `anonymization` container: moves de-identified data. */
  anonymizationConfig: z
    .string()
    .regex(/^[\w.-]{1,128}$/)
    .nullable()
    .default(null),
  /**
   * A window ends this long before now, because a write that is under way gets a time before it
   * can be read; and starts this long before the end of the last one. Seconds, by the source's clock.
   */
  lagSeconds: between(0, 3_600).default(60),
  overlapSeconds: between(0, 3_600).default(60),
  /** Files for import are filled up to this size: larger files import faster (facts/migration.md §4). */
  fileResources: between(1, 1_000_000).default(20_000),
  fileBytes: between(1_000, 1e9).default(64_000_000),
  pauseHours: tuning.pauseHours.default(null),
  windowResources: tuning.windowResources.default(10_000_000),
  windowBytes: tuning.windowBytes.default(20e9),
  intervalSeconds: tuning.intervalSeconds.default(300),
  pollSeconds: tuning.pollSeconds.default({ first: 2, most: 120 }),
  hardDeletes: tuning.hardDeletes.default('each-round'),
  cutOver: tuning.cutOver.default('when-ordered'),
});

export type MigrationPlan = z.infer<typeof migrationPlan>;

/** The body of `PATCH /api/migrations/{id}/settings`. */
export const planChanges = z
  .strictObject(tuning)
  .partial()
  .refine((changes) => Object.keys(changes).length > 0, 'Name at least one setting');
