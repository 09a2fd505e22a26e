import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import type { StoragePorts } from './azurite-arguments.ts';
import { StorageError } from './storage-error.ts';

/**
 * Azurite ends with a bare "listen EADDRINUSE" and does not report the port it
 * took for port 0, so ports are probed (and 0 replaced by a free one) before it starts.
 */
export async function claimPorts(wanted: StoragePorts): Promise<StoragePorts> {
  const taken = new Set<number>();
  const blob = await claim('blob', wanted.blob, taken);
  const queue = await claim('queue', wanted.queue, taken);
  const table = await claim('table', wanted.table, taken);
  return { blob, queue, table };
}

async function claim(service: string, port: number, taken: Set<number>): Promise<number> {
  const claimed = port === 0 ? await freePort(taken) : await probe(port);
  if (claimed === undefined) {
    throw new StorageError(
      'PORT_IN_USE',
      `Port ${port} for the ${service} service is taken on 127.0.0.1: stop the other Azurite or choose another port with --${service}-port.`,
    );
  }
  taken.add(claimed);
  return claimed;
}

/**
 * Systems give ports from 32768 (Linux) or 49152 (macOS, Windows) up to connections that go out. One
 * of those may be taken in the second between the probe and the start of Azurite; these are not.
 */
const quietPorts = { from: 15_000, to: 32_000 };
const mostTries = 50;

async function freePort(taken: ReadonlySet<number>): Promise<number | undefined> {
  for (let tries = 0; tries < mostTries; tries += 1) {
    const port = randomInt(quietPorts.from, quietPorts.to);
    if (!taken.has(port) && (await probe(port)) !== undefined) return port;
  }
  return probe(0);
}

/** The port, when nothing listens on it now; for 0, one that the system gives. */
function probe(port: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(undefined));
    server.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = server.address();
      const given = address !== null && typeof address === 'object' ? address.port : port;
      server.close(() => resolve(given));
    });
  });
}
