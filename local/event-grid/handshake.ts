import { randomUUID } from 'node:crypto';
import { type Reception, serializeEvent, systemEvent } from './event.ts';
import { EventGridError } from './event-grid-error.ts';
import type { ManualValidations } from './manual-validation.ts';
import { baseUrl, type Subscription, topicResourceId } from './subscription.ts';
import type { WebhookAnswer, WebhookClient } from './webhook.ts';

/** `WebHook-Request-Origin` of the service; a webhook consents by naming it or `*`. */
const origin = 'eventgrid.azure.net';

export interface Handshake {
  readonly webhooks: WebhookClient;
  readonly manual: ManualValidations;
  readonly timeoutMilliseconds: number;
  /** The clock of the service, in milliseconds since 1970. */
  readonly now: () => number;
}

/**
 * Proves that the webhook wants the events, before the subscription exists
 * (facts dataverse-and-events B3).
 * @throws EventGridError 400 saying what the webhook answered
 */
export async function validateWebhook(subscription: Subscription, parts: Handshake): Promise<void> {
  const refusal =
    subscription.properties.eventDeliverySchema === 'EventGridSchema'
      ? await refusalOfValidationEvent(subscription, parts)
      : await refusalOfOptions(subscription, parts);
  if (refusal === undefined) return;
  const endpoint = baseUrl(subscription.properties.destination.properties.endpointUrl);
  throw new EventGridError(
    400,
    'Url validation',
    `Webhook validation handshake failed for ${endpoint}: ${refusal}`,
  );
}

/** An answer of 200 without any code leaves the confirming to whoever opens the `validationUrl`. */
async function refusalOfValidationEvent(
  subscription: Subscription,
  { webhooks, manual, timeoutMilliseconds, now }: Handshake,
): Promise<string | undefined> {
  const validationCode = randomUUID();
  const answer = await webhooks.call({
    method: 'POST',
    url: subscription.properties.destination.properties.endpointUrl,
    headers: systemHeaders(subscription, 'SubscriptionValidation'),
    body: systemBody(
      'Microsoft.EventGrid.SubscriptionValidationEvent',
      { topic: topicResourceId(subscription.topic), now: now() },
      { validationCode, validationUrl: manual.urlOf(validationCode) },
    ),
    timeoutMilliseconds,
  });
  if (answer.kind === 'unanswered') return unanswered(answer);
  if (answer.status !== 200) {
    return `it answered ${answer.status} to the validation event; only 200 with {"validationResponse": code} is accepted.`;
  }
  const response = validationResponseOf(answer.body);
  const isConfirmed =
    response === undefined ? await manual.opened(validationCode) : response === validationCode;
  return isConfirmed
    ? undefined
    : 'it answered 200 but did not return data.validationCode as validationResponse, and nobody opened data.validationUrl within 5 minutes.';
}

async function refusalOfOptions(
  subscription: Subscription,
  { webhooks, timeoutMilliseconds }: Handshake,
): Promise<string | undefined> {
  const answer = await webhooks.call({
    method: 'OPTIONS',
    url: subscription.properties.destination.properties.endpointUrl,
    headers: { 'webhook-request-origin': origin, ...customHeaders(subscription) },
    timeoutMilliseconds,
  });
  if (answer.kind === 'unanswered') return unanswered(answer);
  if (answer.status < 200 || answer.status > 204) {
    return `it answered ${answer.status} to OPTIONS.`;
  }
  const allowed = answer.headers['webhook-allowed-origin'];
  return allowed === origin || allowed === '*'
    ? undefined
    : `its answer to OPTIONS has no header WebHook-Allowed-Origin with ${origin} or *.`;
}

/** Tells the webhook that its subscription is gone; its answer does not matter. */
export async function sendUnsubscribe(
  subscription: Subscription,
  { webhooks, now }: Pick<Handshake, 'webhooks' | 'now'>,
): Promise<void> {
  const topic = topicResourceId(subscription.topic);
  await webhooks.call({
    method: 'POST',
    url: subscription.properties.destination.properties.endpointUrl,
    headers: systemHeaders(subscription, 'Unsubscribe'),
    body: systemBody(
      'Microsoft.EventGrid.SubscriptionDeletedEvent',
      { topic, now: now() },
      { eventSubscriptionId: `${topic}/eventSubscriptions/${subscription.name}` },
    ),
    timeoutMilliseconds: 5_000,
  });
}

/** Static custom headers go with every request, the handshake included. */
export function customHeaders({ properties }: Subscription): Record<string, string> {
  return Object.fromEntries(
    properties.destination.properties.deliveryAttributeMappings
      .filter((mapping) => mapping.type === 'Static')
      .map((mapping) => [mapping.name.toLowerCase(), mapping.properties.value]),
  );
}

function systemHeaders(subscription: Subscription, eventType: string): Record<string, string> {
  return {
    ...customHeaders(subscription),
    'content-type': 'application/json; charset=utf-8',
    'aeg-event-type': eventType,
    'aeg-subscription-name': subscription.name.toUpperCase(),
    'aeg-delivery-count': '0',
    'aeg-data-version': '2',
    'aeg-metadata-version': '1',
  };
}

function systemBody(
  eventType: string,
  reception: Reception,
  data: Readonly<Record<string, string>>,
): string {
  return `[${serializeEvent(systemEvent(eventType, reception, data), 'EventGridSchema')}]`;
}

function validationResponseOf(body: string): unknown {
  try {
    const answer: unknown = JSON.parse(body);
    return typeof answer === 'object' && answer !== null
      ? Reflect.get(answer, 'validationResponse')
      : undefined;
  } catch {
    return undefined;
  }
}

function unanswered({ outcome }: Extract<WebhookAnswer, { kind: 'unanswered' }>): string {
  return outcome === 'TimedOut'
    ? 'it did not answer in time.'
    : 'no connection; start the receiver before the subscription is created.';
}
