import process from 'node:process';
import { HostError, messageOf } from './host-error.ts';
import type { HostOptions } from './options.ts';
import { startHost } from './start-host.ts';

/**
 * The life of the host as a process of its own: says when it is ready, closes
 * on SIGTERM, SIGINT or when its parent is gone, and ends with code 1 and one
 * sentence when it cannot start.
 */
export async function runAsProcess(readOptions: () => HostOptions): Promise<void> {
  try {
    const options = readOptions();
    const host = await startHost(options);
    const leave = () => void host.close().finally(() => process.exit(0));
    process.once('SIGTERM', leave);
    process.once('SIGINT', leave);
    process.once('disconnect', leave);
    const { url, keys, functions } = host;
    if (process.send === undefined) process.stdout.write(greeting(url, functions));
    else process.send({ type: 'ready', url, keys });
  } catch (problem) {
    process.stderr.write(`The Functions host did not start. ${complaint(problem)}\n`);
    process.exit(1);
  }
}

/** An error of the app itself keeps its stack: that is where its author must look. */
function complaint(problem: unknown): string {
  if (!(problem instanceof HostError))
    return problem instanceof Error ? `${problem.stack}` : messageOf(problem);
  const cause = problem.cause instanceof Error ? `\n${problem.cause.stack}` : '';
  return `${problem.message}${cause}`;
}

function greeting(url: string, functions: readonly string[]): string {
  return `Functions host at ${url}\n${functions.map((name) => `  ${name}\n`).join('')}`;
}
