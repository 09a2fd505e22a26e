import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { untilPortsAreFree } from '../../../local/run/free-ports.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function takenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('ports of a run', () => {
  it('that are free, or any, are not waited for', async () => {
    const said: string[] = [];
    const onWait = (message: string) => said.push(message);
    await untilPortsAreFree([{ flag: 'fhir-port', port: 0 }], { onWait, takeOverSeconds: 0 });
    expect(said).toEqual([]);
  });

  it('that a killed run gives up are waited for, and that is said once', async () => {
    const port = await takenPort();
    const said: string[] = [];
    const onWait = (message: string) => {
      said.push(message);
      setTimeout(() => servers.pop()?.close(), 500);
    };
    await untilPortsAreFree([{ flag: 'fhir-port', port }], { onWait, takeOverSeconds: 30 });
    expect(said).toEqual([expect.stringContaining(`port ${port} is in use: waiting`)]);
  });

  it('that stay in use are all named, with the arguments that take others', async () => {
    const [one, other] = [await takenPort(), await takenPort()];
    const wanted = [
      { flag: 'fhir-port', port: one },
      { flag: 'functions-port', port: other },
      { flag: 'blob-port', port: 0 },
    ];
    const given = untilPortsAreFree(wanted, { onWait: () => undefined, takeOverSeconds: 0 });
    await expect(given).rejects.toThrow(
      new RegExp(`Port ${one}, ${other} is in use.*--fhir-port, --functions-port \\(0 takes`),
    );
  });
});
