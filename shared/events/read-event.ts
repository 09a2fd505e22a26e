import { isRecord } from '../fhir/index.ts';
import { type Change, type ChangeKind, isChangeId } from './change.ts';
import { type Envelope, envelopeOf } from './envelope.ts';
import { type EventProblem, readResourceData } from './resource-data.ts';

export type ReadEvent =
  | { readonly kind: 'change'; readonly change: Change }
  | { readonly kind: 'ignored' }
  | { readonly kind: 'quarantined'; readonly problem: EventProblem; readonly eventId?: string };

const kinds: ReadonlyMap<unknown, ChangeKind> = new Map([
  ['Microsoft.HealthcareApis.FhirResourceCreated', 'created'],
  ['Microsoft.HealthcareApis.FhirResourceUpdated', 'updated'],
  ['Microsoft.HealthcareApis.FhirResourceDeleted', 'deleted'],
]);

/** Judges one event of either schema. Messages name fields, never the values found in them. */
export function readEvent(event: unknown, accounts: ReadonlySet<string> | undefined): ReadEvent {
  if (!isRecord(event)) {
    return quarantine(undefined, {
      field: '',
      problem: 'The event is not a JSON object.',
      remedy: 'Deliver Event Grid or CloudEvents 1.0 events.',
    });
  }
  const envelope = envelopeOf(event);
  if (typeof envelope.type !== 'string') {
    return quarantine(envelope, {
      field: `.${envelope.names.type}`,
      problem: 'The event type is missing or not text.',
      remedy: 'Deliver the event in the Event Grid or the CloudEvents 1.0 schema.',
    });
  }
  const kind = kinds.get(envelope.type);
  return kind === undefined ? { kind: 'ignored' } : readFhirEvent(envelope, kind, accounts);
}

function readFhirEvent(
  envelope: Envelope,
  kind: ChangeKind,
  accounts: ReadonlySet<string> | undefined,
): ReadEvent {
  const { id, time, names, data } = envelope;
  if (!isChangeId(id)) {
    return quarantine(envelope, {
      field: '.id',
      problem: 'The event id is missing or not 1 to 128 characters without spaces.',
      remedy: 'Resend the event with the id that Event Grid gave it.',
    });
  }
  const occurredAt = instantOf(time);
  if (occurredAt === undefined) {
    return quarantine(envelope, {
      field: `.${names.time}`,
      problem: 'The event time is missing or not an ISO 8601 instant.',
      remedy: 'Resend the event with a time such as 2026-01-31T12:00:00Z.',
    });
  }
  if (!isRecord(data)) {
    return quarantine(envelope, {
      field: '.data',
      problem: 'The event has no data object.',
      remedy: 'Deliver the events of a FHIR service of Azure Health Data Services unchanged.',
    });
  }
  const read = readResourceData(data, accounts);
  return read.kind === 'problem'
    ? quarantine(envelope, read.problem)
    : {
        kind: 'change',
        change: { changeId: id, ...read.version, kind, cause: 'event', occurredAt },
      };
}

const isoInstant = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/i;

/** To milliseconds in UTC; Event Grid writes seven decimals. */
function instantOf(time: unknown): string | undefined {
  if (typeof time !== 'string' || !isoInstant.test(time)) {
    return undefined;
  }
  const instant = new Date(time);
  return Number.isNaN(instant.getTime()) ? undefined : instant.toISOString();
}

function quarantine(envelope: Envelope | undefined, problem: EventProblem): ReadEvent {
  const eventId = envelope?.id;
  return { kind: 'quarantined', problem, ...(isChangeId(eventId) ? { eventId } : {}) };
}
