import { createServer } from 'node:net';
import type { StoragePorts } from './azurite-arguments.ts';
import { StorageError } from './storage-error.ts';

/**
 * Azurite ends with a bare "listen EADDRINUSE" and does not report the port it
 * took for port 0, so ports are probed (and 0 replaced by a free one) before it starts.
 */
export async function claimPorts(wanted: StoragePorts): Promise<StoragePorts> {
  const [blob, queue, table] = await Promise.all([
    claim('blob', wanted.blob),
    claim('queue', wanted.queue),
    claim('table', wanted.table),
  ]);
  return { blob, queue, table };
}

function claim(service: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', () =>
      reject(
        new StorageError(
          'PORT_IN_USE',
          `Port ${port} for the ${service} service is taken on 127.0.0.1: stop the other Azurite or choose another port with --${service}-port.`,
        ),
      ),
    );
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = probe.address();
      const claimed = address !== null && typeof address === 'object' ? address.port : port;
      probe.close(() => resolve(claimed));
    });
  });
}
