import { z } from 'zod';
import { isResourceId, isResourceType } from '../fhir/index.ts';

export type ChangeKind = 'created' | 'updated' | 'deleted';
export type ChangeCause = 'event' | 'release' | 'backfill' | 'redrive' | 'repair';

/** PHI-free reference to one version of one resource: the only thing about it that enters durable history. */
export interface Change {
  /** The event id, or the id that backfill, redrive, release or repair made. */
  readonly changeId: string;
  readonly resourceType: string;
  readonly id: string;
  /** Absent when only the current version matters, as in a backfill. */
  readonly versionId?: string;
  readonly kind: ChangeKind;
  readonly cause: ChangeCause;
  /** ISO 8601 in UTC. */
  readonly occurredAt: string;
}

/** What one orchestration handles together. */
export interface ChangeSet {
  readonly changes: readonly Change[];
}

/** Event Grid delivers at most this many events in one request (`maxEventsPerBatch`). */
export const mostChangesInASet = 5000;

const changeId = /^[\w.:~+/=@-]{1,128}$/;

/** Change ids reach logs and histories: no spaces and no free text fit in. */
export function isChangeId(value: unknown): value is string {
  return typeof value === 'string' && changeId.test(value);
}

export const changeSchema = z
  .strictObject({
    changeId: z.string().refine(isChangeId, 'Use 1 to 128 letters, digits or . : ~ + / = @ _ -'),
    resourceType: z.string().refine(isResourceType, 'Use a resource type such as Patient'),
    id: z.string().refine(isResourceId, 'Use a FHIR id'),
    versionId: z.string().refine(isResourceId, 'Use a FHIR version id').exactOptional(),
    kind: z.enum(['created', 'updated', 'deleted']),
    cause: z.enum(['event', 'release', 'backfill', 'redrive', 'repair']),
    occurredAt: z.iso.datetime({ offset: true }),
  })
  .readonly() satisfies z.ZodType<Change>;

export const changeSetSchema = z
  .strictObject({ changes: z.array(changeSchema).min(1).max(mostChangesInASet).readonly() })
  .readonly() satisfies z.ZodType<ChangeSet>;
