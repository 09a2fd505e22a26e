import type { Clock } from './clock.ts';
import type { DeadLetters, FailedDelivery } from './dead-letters.ts';
import { DeliveryQueue } from './delivery-queue.ts';
import { EndpointHealth } from './endpoint-health.ts';
import type { Faults } from './faults.ts';
import { notificationHeaders } from './notification-headers.ts';
import { afterFailure, isEventAtFault, isSuccess, outcomeOf } from './retry-schedule.ts';
import type { PendingDelivery, Store } from './store.ts';
import { isSingleCloudEvent, type Subscription } from './subscription.ts';
import type { WebhookAnswer, WebhookClient } from './webhook.ts';

export interface DeliverySettings {
  /** Requests in flight per subscription. */
  readonly concurrency: number;
  /** Real milliseconds per milliseconds of the retry schedule and the time to live. */
  readonly timeScale: number;
  /** Longest time that a part-filled batch waits behind a request in flight. Not scaled. */
  readonly lingerMilliseconds: number;
  /** Not scaled. */
  readonly responseTimeoutMilliseconds: number;
}

export interface DispatcherParts {
  readonly store: Store;
  readonly webhooks: WebhookClient;
  readonly deadLetters: DeadLetters;
  readonly faults: Faults;
  readonly settings: DeliverySettings;
  readonly clock: Clock;
}

/** How long an answer over its time may still cancel the retry (facts dataverse-and-events B2). */
const lateMilliseconds = 3 * 60_000;

const lostOnTheWay: WebhookAnswer = { kind: 'unanswered', outcome: 'SocketError' };

/**
 * Delivers the events of one subscription at least once. An event goes at once
 * when nothing is in flight; otherwise a batch fills until it is full, a
 * request ends, or the linger time is over. So a lone event is fast and
 * batches grow under load.
 */
export class Dispatcher {
  subscription: Subscription;
  readonly #parts: DispatcherParts;
  readonly #now: () => number;
  readonly #queue = new DeliveryQueue();
  readonly #health: EndpointHealth;
  /** Deliveries that the duplicate fault has repeated already; once is enough. */
  readonly #duplicated = new WeakSet<PendingDelivery>();
  #inFlightRequests = 0;
  #inFlightEvents = 0;
  #closed = false;
  #pumpPlanned = false;
  #linger: NodeJS.Timeout | undefined;
  #wake: NodeJS.Timeout | undefined;

  constructor(subscription: Subscription, parts: DispatcherParts) {
    this.subscription = subscription;
    this.#parts = parts;
    this.#now = parts.clock.now;
    this.#health = new EndpointHealth(parts.settings.timeScale);
  }

  get status() {
    return {
      queued: this.#queue.ready,
      inFlight: this.#inFlightEvents,
      retrying: this.#queue.waiting,
      /** True while deliveries wait because the endpoint fails again and again. */
      delayed: this.#health.delayedUntil(this.#now()) !== undefined,
    };
  }

  /** Takes over durable deliveries; those that are not due yet wait. */
  enqueue(deliveries: readonly PendingDelivery[]): void {
    const now = this.#now();
    this.#queue.addReady(deliveries.filter(({ dueAt }) => dueAt <= now));
    this.#queue.addWaiting(deliveries.filter(({ dueAt }) => dueAt > now));
    this.#planWake();
    this.#planPump();
  }

  /** To be called when the clock was set: other deliveries may be due now. */
  lookAgain(): void {
    this.#queue.release(this.#now());
    this.#planWake();
    this.#planPump();
  }

  /** Stops sending; requests in flight are forgotten and their events stay in the store. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#linger);
    clearTimeout(this.#wake);
  }

  /** All publishes of one turn of the event loop share their batches. */
  #planPump(): void {
    if (this.#pumpPlanned) return;
    this.#pumpPlanned = true;
    setImmediate(() => {
      this.#pumpPlanned = false;
      this.#pump(false);
    });
  }

  #pump(lingered: boolean): void {
    let flush = lingered;
    while (!this.#closed && this.#mayStart() && (flush || this.#worthStarting())) {
      flush = false;
      this.#start();
    }
    if (this.#mayStart() && this.#linger === undefined && !this.#closed) {
      this.#linger = setTimeout(() => {
        this.#linger = undefined;
        this.#pump(true);
      }, this.#parts.settings.lingerMilliseconds);
    }
  }

  #mayStart(): boolean {
    const most = this.#health.mayProbeOnly ? 1 : this.#parts.settings.concurrency;
    const isDelayed = this.#health.delayedUntil(this.#now()) !== undefined;
    return this.#queue.ready > 0 && this.#inFlightRequests < most && !isDelayed;
  }

  #worthStarting(): boolean {
    const { events, bytes } = this.#limits();
    return (
      this.#inFlightRequests === 0 || this.#queue.ready >= events || this.#queue.readyBytes >= bytes
    );
  }

  #limits() {
    const { maxEventsPerBatch, preferredBatchSizeInKilobytes } =
      this.subscription.properties.destination.properties;
    return { events: maxEventsPerBatch, bytes: preferredBatchSizeInKilobytes * 1_024 };
  }

  #start(): void {
    const { settings, random } = this.#parts.faults;
    if (random.chance(settings.reorderRate)) this.#queue.shuffle(random);
    const batch = this.#unexpired(this.#queue.takeBatch(this.#limits()));
    if (batch.length === 0) return;
    this.#inFlightRequests += 1;
    this.#inFlightEvents += batch.length;
    void this.#deliver(batch);
  }

  async #deliver(batch: readonly PendingDelivery[]): Promise<void> {
    const bodies = this.#parts.store.bodies(batch);
    const answer = await this.#send(batch, bodies);
    if (this.#closed) return;
    this.#inFlightRequests -= 1;
    this.#inFlightEvents -= batch.length;
    if (answer.kind === 'answered' && isSuccess(answer.status)) this.#succeeded(batch);
    else this.#failed(batch, bodies, answer);
    this.#pump(false);
  }

  async #send(
    batch: readonly PendingDelivery[],
    bodies: readonly string[],
  ): Promise<WebhookAnswer> {
    const { settings, random } = this.#parts.faults;
    if (random.chance(settings.dropRate)) return lostOnTheWay;
    const { endpointUrl } = this.subscription.properties.destination.properties;
    const single = isSingleCloudEvent(this.subscription);
    const answer = await this.#parts.webhooks.call({
      method: 'POST',
      url: endpointUrl,
      headers: notificationHeaders(this.subscription, batch, bodies[0] ?? '{}'),
      body: single ? bodies.join('') : `[${bodies.join(',')}]`,
      timeoutMilliseconds: this.#parts.settings.responseTimeoutMilliseconds,
      late: {
        milliseconds: lateMilliseconds * this.#parts.settings.timeScale,
        onAnswer: (late) => this.#answeredLate(batch, late),
      },
    });
    return random.chance(settings.lostAnswerRate) ? lostOnTheWay : answer;
  }

  /** What still waits for its retry is delivered after all; what was sent again is a duplicate. */
  #answeredLate(batch: readonly PendingDelivery[], answer: WebhookAnswer): void {
    if (this.#closed || answer.kind !== 'answered' || !isSuccess(answer.status)) return;
    const done = this.#queue.withdraw(new Set(batch.map(({ sequence }) => sequence)));
    this.#parts.store.delivered(done);
    this.#planWake();
  }

  #succeeded(batch: readonly PendingDelivery[]): void {
    this.#health.succeeded();
    const { settings, random } = this.#parts.faults;
    const again = batch.filter(
      (delivery) => random.chance(settings.duplicateRate) && !this.#duplicated.has(delivery),
    );
    for (const delivery of again) this.#duplicated.add(delivery);
    const repeated = new Set(again);
    this.#parts.store.delivered(batch.filter((delivery) => !repeated.has(delivery)));
    this.#queue.addReady(again);
  }

  #failed(
    batch: readonly PendingDelivery[],
    bodies: readonly string[],
    answer: WebhookAnswer,
  ): void {
    const status = answer.kind === 'answered' ? answer.status : undefined;
    const outcome = answer.kind === 'answered' ? outcomeOf(answer.status) : answer.outcome;
    const jitter = this.#parts.faults.random.next();
    const { timeScale } = this.#parts.settings;
    const now = this.#now();
    if (!isEventAtFault(status)) this.#health.failed(batch.length, now);
    const retried: PendingDelivery[] = [];
    const dead: FailedDelivery[] = [];
    for (const [index, before] of batch.entries()) {
      const delivery = { ...before, attempts: before.attempts + 1 };
      const ageMilliseconds = (now - delivery.publishedAt) / timeScale;
      const { attempts } = delivery;
      const next = afterFailure({ attempts, status, ageMilliseconds, jitter }, this.#policy());
      if (next.kind === 'retry') {
        const dueAt = now + Math.ceil(next.waitMilliseconds * timeScale);
        retried.push({ ...delivery, dueAt });
      } else {
        dead.push({ delivery, body: bodies[index] ?? '{}', reason: next.reason, outcome });
      }
    }
    this.#parts.store.reschedule(retried);
    this.#queue.addWaiting(retried);
    this.#parts.deadLetters.add(this.subscription, dead);
    this.#planWake();
  }

  /** Events may grow too old while their endpoint is unhealthy; nothing is sent for those. */
  #unexpired(batch: readonly PendingDelivery[]): readonly PendingDelivery[] {
    const { timeScale } = this.#parts.settings;
    const { timeToLiveMilliseconds } = this.#policy();
    const now = this.#now();
    const isOld = ({ publishedAt, attempts }: PendingDelivery) =>
      attempts > 0 && (now - publishedAt) / timeScale > timeToLiveMilliseconds;
    const old = batch.filter(isOld);
    const bodies = this.#parts.store.bodies(old);
    const dead = old.map((delivery, index) => ({
      delivery,
      body: bodies[index] ?? '{}',
      reason: 'TimeToLiveExceeded' as const,
      outcome: 'Probation',
    }));
    this.#parts.deadLetters.add(this.subscription, dead);
    return batch.filter((delivery) => !isOld(delivery));
  }

  /** When the next delivery is due, or the endpoint's delay ends, whichever has something to send. */
  #nextWake(): number | undefined {
    const due = this.#queue.nextDueAt;
    const delayed = this.#health.delayedUntil(this.#now());
    if (delayed === undefined) return due;
    return this.#queue.ready > 0 || due === undefined ? delayed : Math.max(due, delayed);
  }

  #policy() {
    const { maxDeliveryAttempts, eventTimeToLiveInMinutes } =
      this.subscription.properties.retryPolicy;
    return { maxDeliveryAttempts, timeToLiveMilliseconds: eventTimeToLiveInMinutes * 60_000 };
  }

  #planWake(): void {
    clearTimeout(this.#wake);
    const next = this.#nextWake();
    if (next === undefined || this.#closed) return;
    const wait = Math.min(Math.max(next - this.#now(), 0), 2_147_483_647);
    this.#wake = setTimeout(() => {
      this.#queue.release(this.#now());
      this.#planWake();
      this.#pump(false);
    }, wait);
  }
}
