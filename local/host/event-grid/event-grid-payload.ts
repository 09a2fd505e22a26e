/** What a request to the Event Grid endpoint says, after parsing. */
export type EventGridPayload =
  | { readonly kind: 'events'; readonly events: readonly Readonly<Record<string, unknown>>[] }
  | { readonly kind: 'malformed'; readonly reason: string };

/** An array holds Event Grid events (or a CloudEvents batch), an object is one CloudEvent (facts dataverse-and-events B4). */
export function parseEvents(body: Buffer): EventGridPayload {
  const value = parseJson(body.toString('utf8'));
  if (value === undefined) return { kind: 'malformed', reason: 'The body is not valid JSON.' };
  const events: unknown[] = Array.isArray(value) ? value : [value];
  const bad = events.findIndex((event) => !isObject(event));
  return bad < 0
    ? { kind: 'events', events: events.filter(isObject) }
    : { kind: 'malformed', reason: `Element ${bad} of the body is not an event object.` };
}

/** The code to echo in the subscription handshake; CloudEvents may carry their data as JSON inside a text. */
export function validationCode(
  events: readonly Readonly<Record<string, unknown>>[],
): string | undefined {
  const carried = events[0]?.['data'];
  const data = typeof carried === 'string' ? parseJson(carried) : carried;
  const code = isObject(data) ? data['validationCode'] : undefined;
  return typeof code === 'string' && code !== '' ? code : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
