import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../../local/host/main.ts', import.meta.url));

export interface HostProcess {
  readonly url: string;
  readonly keys: { readonly master: string; readonly function: string; readonly system: string };
  /** Everything written to standard error until now. */
  log(): string;
  /** Leaves it alone, as a parent that ends does, and waits; resolves to the exit code. */
  stop(): Promise<number | null>;
  /** Sends SIGTERM and waits; resolves to the exit code. */
  terminate(): Promise<number | null>;
  /** Ends the process without any warning. */
  kill(): Promise<void>;
}

export const fixture = (name: string): string =>
  fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));

export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'functions-host-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true, maxRetries: 5 }) };
}

function spawn(args: readonly string[], environment: NodeJS.ProcessEnv = {}): ChildProcess {
  return fork(main, args, {
    execArgv: [],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...process.env, ...environment },
  });
}

/** Runs one app in a process of its own on a free port, as the lead program does. */
export async function startApp(
  app: string,
  args: readonly string[] = [],
  environment: NodeJS.ProcessEnv = {},
): Promise<HostProcess> {
  const child = spawn(['--app', app, '--port', '0', ...args], environment);
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log += chunk.toString('utf8');
  });
  // 'close' never comes after a disconnect, so the end of the log is awaited by itself.
  const logged = new Promise((resolve) => child.stderr?.once('end', resolve));
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => void logged.then(() => resolve(code)));
  });
  const ready = await new Promise<Pick<HostProcess, 'url' | 'keys'>>((resolve, reject) => {
    child.once('message', (message) => resolve(message as HostProcess));
    void exited.then((code) => reject(new Error(`The host ended with ${code}: ${log}`)));
  });
  return {
    url: ready.url,
    keys: ready.keys,
    log: () => log,
    stop() {
      child.disconnect();
      return exited;
    },
    terminate() {
      child.kill('SIGTERM');
      return exited;
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Runs the host until it ends by itself, for starts that must fail. */
export async function failingStart(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
): Promise<{ readonly code: number | null; readonly text: string }> {
  const child = spawn(args, environment);
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString('utf8');
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, text };
}

/** Waits until the question is answered with something; the test's own limit ends a wait in vain. */
export async function eventually<T>(ask: () => Promise<T | undefined | false>): Promise<T> {
  for (;;) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
