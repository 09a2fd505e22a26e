import { z } from 'zod';
import { EventGridError } from './event-grid-error.ts';
import { filterBody } from './filter.ts';

const headerName = z.string().regex(/^[A-Za-z0-9-]+$/, 'must be a header name');

const staticMapping = z.object({
  name: headerName,
  type: z.literal('Static'),
  properties: z.object({
    value: z
      .string()
      .max(4_096)
      .regex(/^[\x20-\x7e]*$/, 'must be printable ASCII'),
    isSecret: z.boolean().default(false),
  }),
});

const dynamicMapping = z.object({
  name: headerName,
  type: z.literal('Dynamic'),
  properties: z.object({
    sourceField: z
      .string()
      .regex(/^(\$\.)?\w+(\.\w+)*$/, 'must be a path such as data.resourceType'),
  }),
});

const attributeMapping = z.discriminatedUnion('type', [staticMapping, dynamicMapping]);

const destination = z.object({
  endpointType: z.literal('WebHook', { error: "only endpointType 'WebHook' is supported" }),
  properties: z.object({
    endpointUrl: z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }),
    maxEventsPerBatch: z.int().min(1).max(5_000).default(1),
    preferredBatchSizeInKilobytes: z.int().min(1).max(1_024).default(64),
    deliveryAttributeMappings: z.array(attributeMapping).max(10).default([]),
  }),
});

const deadLetterDestination = z.object({
  endpointType: z.literal('StorageBlob'),
  properties: z.object({ blobContainerName: z.string().min(3), resourceId: z.string().optional() }),
});

const subscriptionBody = z.object({
  properties: z.object({
    destination,
    filter: filterBody.default({ isSubjectCaseSensitive: false }),
    eventDeliverySchema: z
      .enum(['EventGridSchema', 'CloudEventSchemaV1_0'])
      .default('EventGridSchema'),
    retryPolicy: z
      .object({
        maxDeliveryAttempts: z.int().min(1).max(30).default(30),
        eventTimeToLiveInMinutes: z.int().min(1).max(1_440).default(1_440),
      })
      .default({ maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1_440 }),
    deadLetterDestination: deadLetterDestination.nullish(),
  }),
});

export type SubscriptionProperties = z.infer<typeof subscriptionBody>['properties'];

export interface Subscription {
  readonly topic: string;
  readonly name: string;
  readonly properties: SubscriptionProperties;
}

const subscriptionName = /^[A-Za-z0-9-]{3,64}$/;

/**
 * Reads the body of a subscription PUT (`Microsoft.EventGrid/eventSubscriptions`).
 * @throws EventGridError 400 naming each wrong property
 */
export function parseSubscription(topic: string, name: string, body: unknown): Subscription {
  if (!subscriptionName.test(name)) {
    throw invalid(`Subscription name '${name}' must have 3 to 64 letters, digits or hyphens.`);
  }
  const parsed = subscriptionBody.safeParse(body);
  if (parsed.success) return { topic, name, properties: parsed.data.properties };
  const problems = parsed.error.issues.map(
    (issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`,
  );
  throw invalid(`The subscription is not valid. ${problems.join('; ')}.`);
}

/** The ARM view of a subscription; secret header values are hidden and the URL is cut to its base, as on the service. */
export function subscriptionView({ topic, name, properties }: Subscription): object {
  const { endpointUrl, deliveryAttributeMappings, ...batching } = properties.destination.properties;
  return {
    id: `${topicResourceId(topic)}/eventSubscriptions/${name}`,
    name,
    type: 'Microsoft.EventGrid/eventSubscriptions',
    properties: {
      ...properties,
      destination: {
        endpointType: 'WebHook',
        properties: {
          endpointBaseUrl: baseUrl(endpointUrl),
          ...batching,
          deliveryAttributeMappings: deliveryAttributeMappings.map((mapping) =>
            mapping.type === 'Static' && mapping.properties.isSecret
              ? { ...mapping, properties: { value: 'Hidden', isSecret: true } }
              : mapping,
          ),
        },
      },
      topic: topicResourceId(topic),
      provisioningState: 'Succeeded',
    },
  };
}

/** ARM-shaped id of a local topic; events published without a topic carry it. */
export function topicResourceId(topic: string): string {
  return `/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/local/providers/Microsoft.EventGrid/topics/${topic}`;
}

/** One CloudEvent unbatched is posted as an object, everything else as an array (facts B2). */
export function isSingleCloudEvent({ properties }: Subscription): boolean {
  const isCloudEvent = properties.eventDeliverySchema === 'CloudEventSchemaV1_0';
  return isCloudEvent && properties.destination.properties.maxEventsPerBatch === 1;
}

/** A webhook address without its query, which often holds a secret code. */
export function baseUrl(endpointUrl: string): string {
  const url = new URL(endpointUrl);
  return `${url.origin}${url.pathname}`;
}

function invalid(message: string): EventGridError {
  return new EventGridError(400, 'InvalidRequest', message);
}
