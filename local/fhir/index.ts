import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createCalls } from './server/calls.ts';
import { createControl } from './server/control.ts';
import { createFaults } from './server/faults.ts';
import { createListener } from './server/listener.ts';
import { defaultBodyBytes, type FhirOptions } from './server/options.ts';
import { createPublisher } from './server/publisher.ts';
import { openService } from './server/service.ts';

export type { FhirOptions } from './server/options.ts';

/** Searches by many ids make long URLs. */
const maxHeaderSize = 256 * 1024;

export interface RunningFhir {
  /** Base URL without a slash at the end. */
  readonly url: string;
  close(): Promise<void>;
}

/**
 * Starts a FHIR R4 service that behaves as Azure Health Data Services does, on
 * loopback. Events that could not be delivered before `close` are delivered
 * after the next start on the same data folder.
 */
export async function startFhir(options: FhirOptions): Promise<RunningFhir> {
  const { service, database, outbox, agents } = openService(options);
  const calls = createCalls();
  const faults = createFaults();
  const publisher =
    options.eventsUrl === undefined
      ? undefined
      : createPublisher(outbox, { url: options.eventsUrl, key: options.eventsKey ?? '' });
  const listener = createListener({
    service,
    agents,
    calls,
    faults,
    control: createControl({ database, outbox, agents, calls, faults }),
    maximumBodyBytes: options.maximumBodyBytes ?? defaultBodyBytes,
    wakePublisher: () => publisher?.wake(),
    onDefect: (error) => process.emitWarning(error instanceof Error ? error : String(error)),
  });
  const server = createServer(
    { maxHeaderSize },
    (message, response) => void listener(message, response),
  );
  server.keepAliveTimeout = 60_000;
  try {
    await listen(server, options.port);
  } catch (error) {
    database.close();
    throw error;
  }
  publisher?.wake();
  return {
    url: `http://127.0.0.1:${addressOf(server).port}`,
    async close() {
      await closeServer(server);
      await publisher?.close();
      database.close();
    },
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
