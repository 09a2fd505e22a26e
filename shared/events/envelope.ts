/** An Event Grid or CloudEvents envelope with its fields under one set of names, not yet judged. */
export interface Envelope {
  readonly id: unknown;
  readonly type: unknown;
  readonly time: unknown;
  readonly data: unknown;
  /** What the sender calls the fields, for messages. */
  readonly names: { readonly type: string; readonly time: string };
}

/**
 * Reads either schema: CloudEvents 1.0 is known by its `specversion`, everything else is taken for
 * the Event Grid schema (facts: dataverse-and-events B1).
 */
export function envelopeOf(event: Readonly<Record<string, unknown>>): Envelope {
  return event['specversion'] === undefined
    ? {
        id: event['id'],
        type: event['eventType'],
        time: event['eventTime'],
        data: event['data'],
        names: { type: 'eventType', time: 'eventTime' },
      }
    : {
        id: event['id'],
        type: event['type'],
        time: event['time'],
        data: event['data'],
        names: { type: 'type', time: 'time' },
      };
}
