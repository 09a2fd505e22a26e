import { type Change, mostChangesInASet } from './change.ts';
import { type ReadEvent, readEvent } from './read-event.ts';

/** An event that is kept aside for a person; the delivery it came in still succeeds. */
export interface QuarantinedEvent {
  /** Position in the delivery. */
  readonly index: number;
  /** For example `events[3].data.resourceFhirId`. */
  readonly place: string;
  readonly problem: string;
  readonly remedy: string;
  readonly eventId?: string;
}

export interface ParsedEvents {
  readonly changes: readonly Change[];
  readonly quarantined: readonly QuarantinedEvent[];
  /** Events of other types, such as subscription validation or DICOM. */
  readonly ignored: number;
}

export interface ParseEventsOptions {
  /**
   * When any are given, events of other FHIR accounts are quarantined. Upper and lower case are the
   * same.
   */
  readonly fhirAccounts?: readonly string[];
  /** Default 5000, the most that Event Grid delivers at once; events beyond it are quarantined. */
  readonly maxEvents?: number;
}

/**
 * Parses a delivery of Event Grid or CloudEvents 1.0 events: an array, or a single event. One bad
 * event never takes its neighbours down, and every element ends as exactly one of change,
 * quarantined or ignored, so that changes + quarantined + ignored = elements. Never throws.
 */
export function parseEvents(body: unknown, options: ParseEventsOptions): ParsedEvents {
  const events: readonly unknown[] = Array.isArray(body) ? body : [body];
  const accounts = accountSet(options.fhirAccounts ?? []);
  const maxEvents = options.maxEvents ?? mostChangesInASet;
  const changes: Change[] = [];
  const quarantined: QuarantinedEvent[] = [];
  let ignored = 0;
  for (const [index, event] of events.entries()) {
    const read = index < maxEvents ? readEvent(event, accounts) : beyond(maxEvents);
    if (read.kind === 'change') {
      changes.push(read.change);
    } else if (read.kind === 'ignored') {
      ignored += 1;
    } else {
      const { field, ...problem } = read.problem;
      const eventId = read.eventId === undefined ? {} : { eventId: read.eventId };
      quarantined.push({ index, place: `events[${index}]${field}`, ...problem, ...eventId });
    }
  }
  return { changes, quarantined, ignored };
}

function accountSet(accounts: readonly string[]): ReadonlySet<string> | undefined {
  return accounts.length === 0
    ? undefined
    : new Set(accounts.map((account) => account.toLowerCase()));
}

function beyond(maxEvents: number): ReadEvent {
  return {
    kind: 'quarantined',
    problem: {
      field: '',
      problem: `The delivery holds more than ${maxEvents} events.`,
      remedy: 'Lower maxEventsPerBatch of the event subscription and redeliver.',
    },
  };
}
