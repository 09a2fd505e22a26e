import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { z } from 'zod';
import { createCalls } from './server/calls.ts';
import { createControl } from './server/control.ts';
import type { faultSchema } from './server/fault-script.ts';
import { createFaults, type Faults } from './server/faults.ts';
import { createListener } from './server/listener.ts';
import { defaultBodyBytes, type FhirOptions } from './server/options.ts';
import { faultError, faultStatus } from './server/play-fault.ts';
import { createPublisher, type Publisher } from './server/publisher.ts';
import { createRoles } from './server/roles.ts';
import { openService } from './server/service.ts';
import { createThrottle } from './server/throttle.ts';

export type { FhirOptions } from './server/options.ts';

/** Searches by many ids make long URLs. */
const maxHeaderSize = 256 * 1024;

export interface RunningFhir {
  /** Base URL without a slash at the end. */
  readonly url: string;
  /** Adds scripted or seeded faults, as `POST /_control/faults` does. Throws `FhirError` 400. */
  strike(...faults: readonly z.input<typeof faultSchema>[]): void;
  /** Ends all faults of `strike` and of the control endpoint. */
  calm(): void;
  /** Sets the clock this many milliseconds ahead, as `POST /_control/clock` does. Throws `FhirError` 400. */
  skew(milliseconds: number): void;
  /** How many bulk jobs are under way, as `GET /_control/status` tells. */
  jobs(): number;
  close(): Promise<void>;
}

/**
 * Starts a FHIR R4 service that behaves as Azure Health Data Services does, on
 * loopback. Events that could not be delivered before `close` are delivered
 * after the next start on the same data folder.
 */
export async function startFhir(options: FhirOptions): Promise<RunningFhir> {
  const onDefect = (error: unknown) =>
    process.emitWarning(error instanceof Error ? error : String(error));
  let publisher: Publisher | undefined;
  const { service, database, index, outbox, agents, clock } = openService(options, onDefect, () =>
    publisher?.wake(),
  );
  const calls = createCalls();
  const faults = createFaults();
  const throttle = createThrottle(Date.now);
  const roles = createRoles();
  const { jobs } = service;
  publisher =
    options.eventsUrl === undefined
      ? undefined
      : createPublisher(outbox, { url: options.eventsUrl, key: options.eventsKey ?? '' });
  const listener = createListener({
    service: { ...service, entryFault: entryFaultOf(faults) },
    agents,
    calls,
    faults,
    throttle,
    roles,
    control: createControl({
      ...{ database, outbox, agents, calls, faults, throttle, clock, jobs, roles },
      bulkFaults: service.bulk.faults,
    }),
    maximumBodyBytes: options.maximumBodyBytes ?? defaultBodyBytes,
    wakePublisher: () => publisher?.wake(),
    onDefect,
  });
  const dateText = createDateText();
  const server = createServer({ maxHeaderSize }, (message, response) => {
    // Clients that ask for the time of this service mean the clock that stamps its versions.
    response.setHeader('date', dateText(clock.now()));
    void listener(message, response);
  });
  server.keepAliveTimeout = 60_000;
  try {
    await listen(server, options.port);
  } catch (error) {
    database.close();
    throw error;
  }
  publisher?.wake();
  service.jobs.resume();
  return {
    url: `http://127.0.0.1:${addressOf(server).port}`,
    strike: (...wishes) => faults.arm(wishes),
    calm: faults.clear,
    skew: (skewMs) => void clock.set({ skewMs }),
    jobs: () => jobs.unfinished().length,
    async close() {
      await closeServer(server);
      await publisher?.close();
      await service.jobs.close();
      index.flush();
      database.close();
    },
  };
}

/** HTTP dates change once a second. */
function createDateText(): (now: number) => string {
  let second = Number.NaN;
  let text = '';
  return (now) => {
    const current = Math.floor(now / 1000);
    if (current !== second) {
      second = current;
      text = new Date(now).toUTCString();
    }
    return text;
  };
}

function entryFaultOf(faults: Faults) {
  return (method: string, url: string) => {
    const fault = faults.takeEntry(method, url);
    const status = fault && faultStatus(fault);
    return status === undefined ? undefined : faultError(status);
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', () => resolve());
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function addressOf(server: Server): Pick<AddressInfo, 'port'> {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address : { port: 0 };
}
