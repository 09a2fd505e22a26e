import { customHeaders } from './handshake.ts';
import type { PendingDelivery } from './store.ts';
import { isSingleCloudEvent, type Subscription } from './subscription.ts';

/** The longest value of a custom header, in bytes (facts dataverse-and-events B2). */
const maximumValueBytes = 4_096;

/**
 * Headers of a notification. Dynamic ones are read from the first event of the
 * request: the pages do not say what a batch of several gets.
 */
export function notificationHeaders(
  subscription: Subscription,
  batch: readonly PendingDelivery[],
  firstBody: string,
): Readonly<Record<string, string>> {
  const dataVersion = batch[0]?.dataVersion ?? '';
  return {
    ...customHeaders(subscription),
    ...dynamicHeaders(subscription, firstBody),
    'content-type': contentType(subscription),
    'aeg-event-type': 'Notification',
    'aeg-subscription-name': subscription.name.toUpperCase(),
    'aeg-delivery-count': String(batch[0]?.attempts ?? 0),
    // A publisher may put any text there, a header may not hold it.
    'aeg-data-version': /^[\x21-\x7e]*$/.test(dataVersion) ? dataVersion : '',
    'aeg-metadata-version': '1',
  };
}

function contentType(subscription: Subscription): string {
  if (subscription.properties.eventDeliverySchema === 'EventGridSchema') {
    return 'application/json; charset=utf-8';
  }
  const form = isSingleCloudEvent(subscription) ? 'cloudevents' : 'cloudevents-batch';
  return `application/${form}+json; charset=utf-8`;
}

/**
 * Values by the path of `sourceField` (`data.resourceType` or `$.data.resourceType`).
 * Only text, numbers and booleans count; a value that no header can hold is left
 * out (page "Custom delivery properties").
 */
function dynamicHeaders(subscription: Subscription, body: string): Record<string, string> {
  const mappings = subscription.properties.destination.properties.deliveryAttributeMappings;
  const dynamic = mappings.filter((mapping) => mapping.type === 'Dynamic');
  if (dynamic.length === 0) return {};
  const event: unknown = JSON.parse(body);
  return Object.fromEntries(
    dynamic.flatMap(({ name, properties }) => {
      const value = headerValue(valueAt(event, properties.sourceField));
      return value === undefined ? [] : [[name.toLowerCase(), value]];
    }),
  );
}

function valueAt(event: unknown, path: string): unknown {
  return path
    .replace(/^\$\.?/, '')
    .split('.')
    .reduce<unknown>(
      (from, name) =>
        typeof from === 'object' && from !== null ? Reflect.get(from, name) : undefined,
      event,
    );
}

function headerValue(value: unknown): string | undefined {
  if (!['string', 'number', 'boolean'].includes(typeof value)) return undefined;
  const text = String(value);
  return /^[\x20-\x7e]*$/.test(text) && text.length <= maximumValueBytes ? text : undefined;
}
