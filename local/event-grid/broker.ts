import type { DeadLetters } from './dead-letters.ts';
import { Dispatcher, type DispatcherParts } from './dispatcher.ts';
import { type GridEvent, serializeEvent } from './event.ts';
import { EventGridError } from './event-grid-error.ts';
import { compileFilter } from './filter.ts';
import { sendUnsubscribe, validateWebhook } from './handshake.ts';
import type { ManualValidations } from './manual-validation.ts';
import type { NewDelivery, Store } from './store.ts';
import type { Subscription } from './subscription.ts';

interface Route {
  readonly id: number;
  readonly dispatcher: Dispatcher;
  readonly accepts: (event: GridEvent) => boolean;
}

export type Broker = ReturnType<typeof createBroker>;

/** Topics and their subscriptions; a topic exists as soon as somebody names it. */
export function createBroker(parts: DispatcherParts & { readonly manual: ManualValidations }) {
  const { store, webhooks, settings, manual, clock } = parts;
  const routes = new Map<string, Route>();
  const open = (id: number, subscription: Subscription, previous?: Route) => {
    const dispatcher = previous?.dispatcher ?? new Dispatcher(subscription, parts);
    dispatcher.subscription = subscription;
    const accepts = compileFilter(subscription.properties.filter);
    routes.set(keyOf(subscription.topic, subscription.name), { id, dispatcher, accepts });
    return dispatcher;
  };
  for (const { id, subscription } of store.subscriptions()) {
    open(id, subscription).enqueue(store.pending(id));
  }
  return {
    /** `agent` is the product of the publisher, for the log. */
    publish: (topic: string, events: readonly GridEvent[], agent: string) =>
      publish({ store, routes: [...routes.values()], agent }, topic, events),
    async subscribe(subscription: Subscription): Promise<'created' | 'updated'> {
      const key = keyOf(subscription.topic, subscription.name);
      refuseSchemaChange(routes.get(key)?.dispatcher.subscription, subscription);
      const timeoutMilliseconds = settings.responseTimeoutMilliseconds;
      const { now } = clock;
      await validateWebhook(subscription, { webhooks, manual, timeoutMilliseconds, now });
      const previous = routes.get(key);
      open(store.saveSubscription(subscription), subscription, previous);
      return previous === undefined ? 'created' : 'updated';
    },
    async unsubscribe(topic: string, name: string): Promise<boolean> {
      const route = routes.get(keyOf(topic, name));
      if (route === undefined) return false;
      routes.delete(keyOf(topic, name));
      route.dispatcher.close();
      store.removeSubscription(route.id);
      await sendUnsubscribe(route.dispatcher.subscription, { webhooks, now: clock.now });
      return true;
    },
    find: (topic: string, name: string) => routes.get(keyOf(topic, name))?.dispatcher.subscription,
    list: (topic: string) =>
      [...routes.values()]
        .map(({ dispatcher }) => dispatcher.subscription)
        .filter((subscription) => subscription.topic === topic),
    /** To be called when the clock was set. */
    lookAgain() {
      for (const { dispatcher } of routes.values()) dispatcher.lookAgain();
    },
    status: () => statusOf([...routes.values()], store, parts.deadLetters),
    close() {
      for (const { dispatcher } of routes.values()) dispatcher.close();
    },
  };
}

/** Events reach the store before the publisher hears of success, and the dispatchers after that. */
function publish(
  {
    store,
    routes,
    agent,
  }: { readonly store: Store; readonly routes: readonly Route[]; readonly agent: string },
  topic: string,
  events: readonly GridEvent[],
): void {
  const listening = routes.filter(({ dispatcher }) => dispatcher.subscription.topic === topic);
  const planned: NewDelivery[] = [];
  const receivers: Route[] = [];
  for (const route of listening) {
    const schema = route.dispatcher.subscription.properties.eventDeliverySchema;
    for (const event of events) {
      if (!route.accepts(event)) continue;
      const body = serializeEvent(event, schema);
      planned.push({ subscriptionId: route.id, body, dataVersion: event.dataVersion });
      receivers.push(route);
    }
  }
  const published = events.map(({ id, eventType, subject }) => ({
    ...{ topic, id, eventType, subject, agent },
  }));
  const accepted = store.accept(planned, published);
  for (const route of listening) {
    route.dispatcher.enqueue(accepted.filter((_, index) => receivers[index] === route));
  }
}

function statusOf(routes: readonly Route[], store: Store, deadLetters: DeadLetters) {
  const sum = { queued: 0, inFlight: 0, retrying: 0, delayed: 0 };
  for (const { dispatcher } of routes) {
    const { queued, inFlight, retrying, delayed } = dispatcher.status;
    sum.delayed += delayed ? 1 : 0;
    sum.queued += queued;
    sum.inFlight += inFlight;
    sum.retrying += retrying;
  }
  const idle = sum.queued + sum.inFlight + sum.retrying + deadLetters.uploading() === 0;
  return { idle, ...sum, ...store.counters() };
}

/** Waiting events are stored in the schema of their subscription. */
function refuseSchemaChange(before: Subscription | undefined, after: Subscription): void {
  const schema = before?.properties.eventDeliverySchema;
  if (schema === undefined || schema === after.properties.eventDeliverySchema) return;
  throw new EventGridError(
    400,
    'InvalidRequest',
    `properties.eventDeliverySchema: a subscription keeps its schema (${schema}); delete it and create it again.`,
  );
}

function keyOf(topic: string, name: string): string {
  return `${topic}/${name.toLowerCase()}`;
}
