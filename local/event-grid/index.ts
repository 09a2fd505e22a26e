import type { Server } from 'node:http';
import { createBroker } from './broker.ts';
import { CallFaults, type CallFaultWish } from './call-faults.ts';
import { Clock } from './clock.ts';
import { createDeadLetters } from './dead-letters.ts';
import { EventGridError } from './event-grid-error.ts';
import { createFaults, type FaultSettings, setFaults } from './faults.ts';
import { ManualValidations } from './manual-validation.ts';
import { createEventGridServer } from './server.ts';
import { openStore } from './store.ts';
import { createWebhookClient } from './webhook.ts';

export { EventGridError } from './event-grid-error.ts';
export type { FaultSettings } from './faults.ts';

export interface EventGridOptions {
  /** Default 8082; 0 takes a free one. */
  readonly port?: number;
  /** Undefined keeps everything in memory. */
  readonly dataFolder?: string | undefined;
  /** Key that publishers must send as `aeg-sas-key`; with no key and no tokens everybody may publish. */
  readonly key?: string | undefined;
  /** Entra access tokens that publishers may send as `Authorization: Bearer` instead. */
  readonly publisherTokens?: readonly string[] | undefined;
  /** The clock of this service runs this many milliseconds ahead of the machine's; negative for behind. Default 0. */
  readonly clockOffsetMs?: number | undefined;
  /** Factor on retry waits and time to live: 0.01 makes the 10 s wait 100 ms. Default 1. */
  readonly timeScale?: number;
  /** Requests in flight per subscription. Default 4. */
  readonly concurrency?: number;
  /** Default 20. */
  readonly lingerMilliseconds?: number;
  /** How long a webhook may take to answer. Default 30,000, as on the service. */
  readonly responseTimeoutMilliseconds?: number;
  /** Where dead letters of subscriptions with a `deadLetterDestination` go. */
  readonly storageConnection?: string | undefined;
  /** Minutes of the scaled clock before a dead letter becomes a blob; the service takes about 5. Default 0. */
  readonly deadLetterLagMinutes?: number;
  readonly faults?: FaultSettings;
}

export interface RunningEventGrid {
  readonly url: string;
  /** Adds scripted or seeded faults of calls, as a list to `POST /_control/faults` does. Throws `ZodError`. */
  strike(...faults: readonly CallFaultWish[]): void;
  /** Ends all faults of calls and of deliveries. */
  calm(): void;
  /** Sets the clock this many milliseconds ahead, as `POST /_control/clock` does. Throws EventGridError. */
  skew(milliseconds: number): void;
  close(): Promise<void>;
}

export const defaultPort = 8_082;

/**
 * Starts the Event Grid stand-in on loopback. Publish to
 * `<url>/topics/<topic>/api/events`, subscribe with a PUT to
 * `<url>/topics/<topic>/subscriptions/<name>`. An event is durable before its
 * publisher gets 200, and is delivered at least once.
 *
 * Not imitated: Entra tokens on deliveries. Without a `deadLetterDestination` the
 * service drops what it cannot deliver; here it stays visible under
 * `GET /_control/dead-letters`.
 * @throws EventGridError PortInUse
 */
export async function startEventGrid(options: EventGridOptions = {}): Promise<RunningEventGrid> {
  const clock = new Clock(options.clockOffsetMs);
  const store = openStore(options.dataFolder, clock.now);
  const webhooks = createWebhookClient();
  const faults = createFaults(options.faults);
  const settings = {
    concurrency: options.concurrency ?? 4,
    timeScale: options.timeScale ?? 1,
    lingerMilliseconds: options.lingerMilliseconds ?? 20,
    responseTimeoutMilliseconds: options.responseTimeoutMilliseconds ?? 30_000,
  };
  const lagMilliseconds = (options.deadLetterLagMinutes ?? 0) * 60_000 * settings.timeScale;
  const { storageConnection } = options;
  const deadLetters = createDeadLetters({ store, clock, storageConnection, lagMilliseconds });
  const callFaults = new CallFaults();
  const manual = new ManualValidations(settings.timeScale);
  const broker = createBroker({
    ...{ store, webhooks, deadLetters, faults, settings, manual, clock },
  });
  clock.onChange = broker.lookAgain;
  const server = createEventGridServer({
    ...{ broker, store, faults, callFaults, manual, clock },
    secrets: { key: options.key, tokens: options.publisherTokens },
  });
  const release = async () => {
    broker.close();
    webhooks.close();
    await deadLetters.settled();
    store.close();
  };
  try {
    const port = await listen(server, options.port ?? defaultPort);
    manual.baseUrl = `http://127.0.0.1:${port}`;
    return {
      url: manual.baseUrl,
      strike: (...wishes) => callFaults.arm(wishes),
      calm: () => {
        callFaults.clear();
        setFaults(faults, {});
      },
      skew: (skewMs) => void clock.set({ skewMs }),
      close: () => stop(server).then(release),
    };
  } catch (problem) {
    await release();
    throw problem;
  }
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', () =>
      reject(
        new EventGridError(
          500,
          'PortInUse',
          `Port ${port} cannot be used on 127.0.0.1: stop what listens there or choose another with --port.`,
        ),
      ),
    );
    server.listen(port, '127.0.0.1', () => {
      const address = server.address();
      resolve(address !== null && typeof address === 'object' ? address.port : port);
    });
  });
}

function stop(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
