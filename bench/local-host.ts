import { type ChildProcess, fork } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { BenchError } from './bench-error.ts';
import { inParallel } from './in-parallel.ts';

export interface LocalHost {
  readonly url: string;
  /** Starts so many instances at once over the HTTP management API and waits until all have ended. */
  finish(orchestration: string, instances: number): Promise<Finished>;
  close(): Promise<void>;
}

export interface Finished {
  /** What each instance returned; not part of any measured time. */
  outputs(): Promise<readonly unknown[]>;
}

const systemKey = 'bench';
const connections = 32;
const readySchema = z.object({ type: z.literal('ready'), url: z.string() });
const pageSchema = z.array(z.object({ output: z.unknown() }));

/** The local Functions host with a function app, state in `folder`, in a process of its own. */
export async function startLocalHost(
  app: string,
  folder: string,
  execArgv: readonly string[] = [],
): Promise<LocalHost> {
  const child = fork(
    fileURLToPath(new URL('../local/host/main.ts', import.meta.url)),
    ['--app', app, '--port', '0', '--data', folder, '--system-key', systemKey, '--open-functions'],
    { execArgv: [...execArgv], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] },
  );
  const gone = new Promise((resolve) => child.once('exit', resolve));
  const url = await whenReady(child);
  const api = `${url}/runtime/webhooks/durabletask`;
  return {
    url,
    finish: (orchestration, instances) => finish(api, orchestration, instances),
    async close() {
      child.kill('SIGTERM');
      await gone;
    },
  };
}

function whenReady(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve(readySchema.parse(message).url));
    child.once('exit', () => reject(new BenchError('the host ended before it listened')));
  });
}

async function finish(api: string, orchestration: string, instances: number): Promise<Finished> {
  const prefix = randomUUID();
  const ids = Array.from({ length: instances }, (_, index) => `${prefix}-${index}`);
  await inParallel(ids, connections, async (id) => {
    const response = await fetch(`${api}/orchestrators/${orchestration}/${id}?code=${systemKey}`, {
      method: 'POST',
    });
    await response.arrayBuffer();
    if (response.status !== 202) throw new BenchError(`a start answered ${response.status}`);
  });
  while ((await page(api, 'runtimeStatus=Pending,Running&top=1')).rows.length > 0) await sleep(5);
  return { outputs: () => outputs(api, prefix) };
}

async function outputs(api: string, prefix: string): Promise<readonly unknown[]> {
  const found: unknown[] = [];
  for (let token: string | undefined = ''; token !== undefined; ) {
    const query = `runtimeStatus=Completed&instanceIdPrefix=${prefix}&top=1000&showInput=false`;
    const answer = await page(api, query, token);
    found.push(...answer.rows.map(({ output }) => output));
    token = answer.next;
  }
  return found;
}

async function page(api: string, query: string, token = '') {
  const response = await fetch(`${api}/instances?${query}&code=${systemKey}`, {
    headers: token === '' ? {} : { 'x-ms-continuation-token': token },
  });
  // The header comes on the last page too, without a value.
  const next = response.headers.get('x-ms-continuation-token') || undefined;
  return { rows: pageSchema.parse(await response.json()), next };
}
