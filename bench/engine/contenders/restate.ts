import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:http2';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  type Context,
  createEndpointHandler,
  RestatePromise,
  service,
} from '@restatedev/restate-sdk';
import { z } from 'zod';
import { BenchError } from '../../bench-error.ts';
import { inParallel } from '../../in-parallel.ts';
import { packageVersion } from '../../package-version.ts';
import { addOne, chainLength, fanOutWidth } from '../cases.ts';
import { type Contender, type Prepare, Unavailable } from '../contender.ts';
import { freePort } from '../free-port.ts';
import { serveContender } from '../serve-contender.ts';

const connections = 64;
const startLimitMs = 30_000;
const sentSchema = z.object({ invocationId: z.string() });

const bench = service({
  name: 'bench',
  handlers: {
    chain: async (context: Context): Promise<number> => {
      let value = 0;
      for (let index = 0; index < chainLength; index += 1) {
        const current = value;
        value = await context.run('addOne', () => addOne(current));
      }
      return value;
    },
    fanOut: async (context: Context): Promise<number> => {
      const tasks = Array.from({ length: fanOutWidth }, (_, index) =>
        context.run('addOne', () => addOne(index)),
      );
      const values = await RestatePromise.all(tasks);
      return values.reduce((sum, value) => sum + value, 0);
    },
    parallel: (context: Context): Promise<number> => context.run('addOne', () => addOne(0)),
  },
});

/** Restate's server from npm beside its service; it does not wait for the disk either, as the others. */
async function prepare({ folder }: Prepare): Promise<Contender> {
  const binary = serverBinary();
  const endpoint = createServer(
    createEndpointHandler({ services: [bench], logger: () => undefined }),
  );
  const [ingress, admin, node, service] = await Promise.all(
    Array.from({ length: 4 }, () => freePort()),
  );
  await new Promise<void>((resolve) => endpoint.listen(service, '127.0.0.1', resolve));
  const server = spawn(binary, ['--no-logo', '--bind-ip', '127.0.0.1', '--listen-mode', 'tcp'], {
    cwd: folder,
    stdio: 'ignore',
    env: {
      ...process.env,
      RESTATE_BASE_DIR: folder,
      RESTATE_BIND_PORT: String(node),
      RESTATE_INGRESS__BIND_PORT: String(ingress),
      RESTATE_ADMIN__BIND_PORT: String(admin),
      RESTATE_DISABLE_TELEMETRY: 'true',
      RESTATE_LOG_FILTER: 'error',
      RESTATE_LOG_SERVER__ROCKSDB_DISABLE_WAL_FSYNC: 'true',
    },
  });
  const gone = new Promise((resolve) => server.once('exit', resolve));
  const url = `http://127.0.0.1:${ingress}`;
  await register(`http://127.0.0.1:${admin}`, `http://127.0.0.1:${service}`);
  return {
    versions: {
      'restate-server': packageVersion('@restatedev/restate-server'),
      'restate-sdk': packageVersion('@restatedev/restate-sdk'),
    },
    async run({ name, instances }) {
      const outputs = await run(`${url}/bench/${name}/send`, url, instances);
      return { outputs: async () => outputs };
    },
    async close() {
      server.kill('SIGKILL');
      await gone;
      endpoint.close();
    },
  };
}

/** Registration answers once the server has found its feet. */
async function register(admin: string, uri: string): Promise<void> {
  const until = Date.now() + startLimitMs;
  for (;;) {
    const response = await fetch(`${admin}/deployments`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ uri }),
    }).catch(() => undefined);
    if (response?.ok === true) return;
    if (Date.now() > until) throw new BenchError('the Restate server did not start');
    await sleep(100);
  }
}

async function run(send: string, ingress: string, instances: number): Promise<unknown[]> {
  const ids = await inParallel(
    Array.from({ length: instances }, () => send),
    connections,
    sent,
  );
  return inParallel(ids, connections, async (id) => {
    const response = await fetch(`${ingress}/restate/invocation/${id}/attach`);
    return response.json();
  });
}

async function sent(address: string): Promise<string> {
  const response = await fetch(address, { method: 'POST' });
  return sentSchema.parse(await response.json()).invocationId;
}

/** The binary itself: the package's launcher would be one process more. */
function serverBinary(): string {
  const name = `@restatedev/restate-server-${process.platform}-${process.arch}`;
  const path = new URL(`../../node_modules/${name}/bin/restate-server`, import.meta.url);
  if (existsSync(path)) return fileURLToPath(path);
  throw new Unavailable(`npm has no Restate server for ${process.platform}-${process.arch}`);
}

await serveContender(prepare);
