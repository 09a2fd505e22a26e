import { randomUUID } from 'node:crypto';
import { EventGridError } from './event-grid-error.ts';

export type EventSchema = 'EventGridSchema' | 'CloudEventSchemaV1_0';

type JsonObject = Readonly<Record<string, unknown>>;

/** One accepted event, freed from the schema it came in. */
export interface GridEvent {
  readonly id: string;
  readonly topic: string;
  readonly subject: string;
  readonly eventType: string;
  readonly eventTime: string;
  readonly dataVersion: string;
  readonly data: unknown;
  /** CloudEvents attributes that the Event Grid schema has no place for. */
  readonly extensions?: JsonObject;
}

/** One request may carry 1 MB, and so may one event (Event Grid quotas). */
export const maximumBodyBytes = 1_048_576;

/** What events take from the request they came in. */
export interface Reception {
  /** Topic of events that name none. */
  readonly topic: string;
  /** The time of events that name none, in milliseconds since 1970. */
  readonly now: number;
}

/**
 * Reads a publish body: an array in Event Grid schema, one CloudEvent, or a
 * CloudEvents batch. One bad event refuses the whole request, as on the service.
 * @throws EventGridError 400 that names the event by index
 */
export function parseEvents(body: string, reception: Reception): readonly GridEvent[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw invalid('This resource is configured to receive events, and the body is not valid JSON.');
  }
  if (Array.isArray(parsed)) {
    return parsed.map((element: unknown, index) => parseEvent(element, index, reception));
  }
  if (isObject(parsed) && 'specversion' in parsed) return [parseEvent(parsed, 0, reception)];
  throw invalid(
    'Expected an array of events in Event Grid schema, one CloudEvent, or an array of CloudEvents.',
  );
}

function parseEvent(element: unknown, index: number, { topic, now }: Reception): GridEvent {
  if (!isObject(element)) throw invalid(`Event ${index} is not an object.`);
  return 'specversion' in element
    ? fromCloudEvent(element, index, now)
    : fromEventGridSchema(element, index, topic);
}

function fromEventGridSchema(event: JsonObject, index: number, topic: string): GridEvent {
  const required = (name: string) => requiredText(event, name, index);
  return {
    id: required('id'),
    topic: optionalText(event, 'topic', index) ?? topic,
    subject: required('subject'),
    eventType: required('eventType'),
    eventTime: instant(required('eventTime'), 'eventTime', index),
    dataVersion: optionalText(event, 'dataVersion', index) ?? '',
    data: event['data'],
  };
}

const cloudEventAttributes: ReadonlySet<string> = new Set([
  ...['id', 'source', 'subject', 'type', 'time', 'dataschema', 'data', 'specversion'],
]);

function fromCloudEvent(event: JsonObject, index: number, now: number): GridEvent {
  if (event['specversion'] !== '1.0') {
    throw invalid(`Event ${index}: specversion must be "1.0".`);
  }
  const time = optionalText(event, 'time', index);
  const extensions = Object.entries(event).filter(([name]) => !cloudEventAttributes.has(name));
  return {
    id: requiredText(event, 'id', index),
    topic: requiredText(event, 'source', index),
    subject: optionalText(event, 'subject', index) ?? '',
    eventType: requiredText(event, 'type', index),
    eventTime: time === undefined ? new Date(now).toISOString() : instant(time, 'time', index),
    dataVersion: (optionalText(event, 'dataschema', index) ?? '').replace(/^#/, ''),
    data: event['data'],
    ...(extensions.length === 0 ? {} : { extensions: Object.fromEntries(extensions) }),
  };
}

/** The event as JSON text in the schema that a subscription asks for (facts dataverse-and-events B1). */
export function serializeEvent(event: GridEvent, schema: EventSchema): string {
  const { id, topic, subject, eventType, eventTime, dataVersion, data, extensions } = event;
  if (schema === 'EventGridSchema') {
    const metadataVersion = '1';
    return JSON.stringify({
      ...{ id, topic, subject, eventType, eventTime, data, dataVersion, metadataVersion },
    });
  }
  return JSON.stringify({
    ...{ id, source: topic, specversion: '1.0', type: eventType },
    ...(dataVersion === '' ? {} : { dataschema: `#${dataVersion}` }),
    ...{ subject, time: eventTime, ...extensions, data },
  });
}

/** An event that Event Grid itself raises toward a webhook: the handshake and the farewell. */
export function systemEvent(
  eventType: string,
  { topic, now }: Reception,
  data: JsonObject,
): GridEvent {
  const eventTime = new Date(now).toISOString();
  return { id: randomUUID(), topic, subject: '', eventType, eventTime, dataVersion: '2', data };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function requiredText(event: JsonObject, name: string, index: number): string {
  const value = optionalText(event, name, index);
  if (value === undefined || value === '') {
    throw invalid(`Event ${index}: required property '${name}' is missing or empty.`);
  }
  return value;
}

function optionalText(event: JsonObject, name: string, index: number): string | undefined {
  const value = event[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string') return value;
  throw invalid(`Event ${index}: property '${name}' must be a string.`);
}

function instant(text: string, name: string, index: number): string {
  if (!Number.isNaN(Date.parse(text))) return text;
  throw invalid(`Event ${index}: property '${name}' is not a date and time.`);
}

function invalid(message: string): EventGridError {
  return new EventGridError(400, 'BadRequest', message);
}
