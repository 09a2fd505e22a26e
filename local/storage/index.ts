import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compiledCode } from '../host/compile-cache.ts';
import { connectionStringOf, defaultPorts } from './azurite-arguments.ts';
import { StorageError } from './storage-error.ts';

export { StorageError } from './storage-error.ts';

export interface StorageOptions {
  /** Undefined keeps all data in memory. */
  readonly dataFolder?: string | undefined;
  /** Ports default to 10000, 10001 and 10002; 0 takes a free one. */
  readonly blobPort?: number;
  readonly queuePort?: number;
  readonly tablePort?: number;
  /** Names of accounts beside the development account; each has containers, queues and tables of its own. */
  readonly accounts?: readonly string[];
  /** Called when Azurite ends after it was ready and before `close()`. */
  readonly onUnexpectedEnd?: () => void;
}

export interface RunningStorage {
  /** Address of the blob service. */
  readonly url: string;
  readonly connectionString: string;
  /** Of one of the `accounts`. */
  connectionStringOf(account: string): string;
  close(): Promise<void>;
}

const startLimitMilliseconds = 120_000;
const stopLimitMilliseconds = 8_000;

const readyMessage = z.object({
  type: z.literal('ready'),
  url: z.string(),
  ports: z.object({ blob: z.number(), queue: z.number(), table: z.number() }),
});

/**
 * Starts Azurite (blobs, queues, tables) on loopback and returns once it answers.
 * It ends with `close()` or with this process, however that ends.
 * Azurite writes its databases every few seconds and on close: a killed
 * Azurite may lose the last of them.
 * @throws StorageError PORT_IN_USE, NOT_READY
 */
export async function startStorage(options: StorageOptions = {}): Promise<RunningStorage> {
  const child = fork(fileURLToPath(new URL('./main.ts', import.meta.url)), argumentsOf(options), {
    execPath: process.execPath,
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...compiledCode, ...process.env },
  });
  const { url, ports } = await whenReady(child);
  child.stderr?.resume();
  let closing = false;
  child.once('exit', () => {
    if (!closing) options.onUnexpectedEnd?.();
  });
  return {
    url,
    connectionString: connectionStringOf(ports),
    connectionStringOf: (account) => connectionStringOf(ports, account),
    close: () => {
      closing = true;
      return stop(child);
    },
  };
}

function argumentsOf(options: StorageOptions): string[] {
  return [
    ...(options.dataFolder === undefined ? [] : ['--data', options.dataFolder]),
    ...['--blob-port', String(options.blobPort ?? defaultPorts.blob)],
    ...['--queue-port', String(options.queuePort ?? defaultPorts.queue)],
    ...['--table-port', String(options.tablePort ?? defaultPorts.table)],
    ...(options.accounts ?? []).flatMap((account) => ['--account', account]),
  ];
}

function whenReady(child: ChildProcess): Promise<z.infer<typeof readyMessage>> {
  return new Promise((resolve, reject) => {
    let complaint = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      complaint = (complaint + chunk.toString('utf8')).slice(-2_000);
    });
    const deadline = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new StorageError('NOT_READY', 'Azurite did not answer within two minutes.'));
    }, startLimitMilliseconds);
    child.once('close', (code) => {
      clearTimeout(deadline);
      const taken = complaint.includes(' is taken on ');
      const text = complaint.trim() || `Azurite ended with code ${code} before it was ready.`;
      reject(new StorageError(taken ? 'PORT_IN_USE' : 'NOT_READY', text));
    });
    child.on('message', (message) => {
      const ready = readyMessage.safeParse(message);
      if (!ready.success) return;
      clearTimeout(deadline);
      child.removeAllListeners('close');
      resolve(ready.data);
    });
  });
}

/** Disconnecting is the order to stop: it is what a dying parent does too, so there is one way out only. */
function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const deadline = setTimeout(() => child.kill('SIGKILL'), stopLimitMilliseconds);
    child.once('exit', () => {
      clearTimeout(deadline);
      resolve();
    });
    if (child.connected) child.disconnect();
    else child.kill('SIGTERM');
  });
}
