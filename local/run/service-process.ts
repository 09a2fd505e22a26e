import { type ChildProcess, fork } from 'node:child_process';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { compiledCode } from '../host/compile-cache.ts';
import { RunError } from './run-error.ts';

export interface ServiceProcess {
  readonly name: string;
  readonly url: string;
  readonly processId: number;
  /** Resolves when the process is gone. */
  stop(): Promise<void>;
}

export interface ServiceStart {
  readonly name: string;
  /** Path of the service's `main.ts` below `local/`. */
  readonly main: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Options of Node for the process. */
  readonly nodeArguments?: readonly string[];
  /** Called when the process ends without having been asked to. */
  readonly onUnexpectedEnd: (complaint: string) => void;
}

const startLimit = 60_000;
const stopLimit = 10_000;
const readySchema = z.object({ type: z.literal('ready'), url: z.string() });

/**
 * Starts one stand-in as a process of its own and waits until it listens. Its
 * errors go to our own standard error; it ends with us, however we end.
 * @throws RunError with what the process complained about
 */
export async function startService(start: ServiceStart): Promise<ServiceProcess> {
  const path = fileURLToPath(new URL(`../${start.main}`, import.meta.url));
  const child = fork(path, [...start.args], {
    execArgv: ['--disable-warning=ExperimentalWarning', ...(start.nodeArguments ?? [])],
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...compiledCode, ...process.env, ...start.environment },
  });
  let complaint = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    const text = chunk.toString('utf8');
    complaint = (complaint + text).slice(-4_000);
    process.stderr.write(text);
  });
  const url = await whenReady(child, start.name, () => complaint);
  let stopping = false;
  const gone = new Promise<void>((resolve) => {
    child.once('exit', () => {
      if (!stopping) start.onUnexpectedEnd(complaint);
      resolve();
    });
  });
  return {
    name: start.name,
    url,
    processId: child.pid ?? 0,
    stop: () => {
      stopping = true;
      return stop(child, gone);
    },
  };
}

function whenReady(child: ChildProcess, name: string, complaint: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(
        new RunError(`${name} did not start within ${startLimit / 1000} seconds. ${complaint()}`),
      );
    }, startLimit);
    child.on('message', (message) => {
      const ready = readySchema.safeParse(message);
      if (!ready.success) return;
      clearTimeout(timer);
      resolve(ready.data.url);
    });
    child.once('exit', () => {
      clearTimeout(timer);
      reject(new RunError(complaint().trim() || `${name} ended before it listened.`));
    });
  });
}

async function stop(child: ChildProcess, gone: Promise<void>): Promise<void> {
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimit);
  await gone;
  clearTimeout(timer);
}
