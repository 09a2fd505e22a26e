import { type ChildProcess, fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { BenchError } from '../bench-error.ts';

const downloaded = z.object({
  milliseconds: z.number(),
  lines: z.number(),
  /** Most resident memory of the process. */
  peakBytes: z.number(),
});
export type Download = z.infer<typeof downloaded>;

const ready = z.object({ url: z.string(), lines: z.number() });

export interface ExportServer {
  readonly url: string;
  close(): Promise<void>;
}

/** A bulk data server in a process of its own. */
export async function startServer(work: {
  readonly files: number;
  readonly fileBytes: number;
  readonly encoding: string;
}): Promise<ExportServer> {
  const child = start('serve.ts', [String(work.files), String(work.fileBytes), work.encoding]);
  const { url, lines } = ready.parse(await firstMessage(child, 'the export server'));
  expectedLines.set(url, lines);
  return { url, close: () => end(child) };
}

const expectedLines = new Map<string, number>();

/** One whole export by one client, checked for its count of lines. */
export async function download(contender: string, url: string): Promise<Download> {
  const folder = mkdtempSync(join(tmpdir(), `bench-bulk-export-`));
  const child = start(`contenders/${contender}.ts`, [url, folder]);
  try {
    const done = downloaded.parse(await firstMessage(child, contender));
    if (done.lines !== expectedLines.get(url)) {
      throw new BenchError(`${contender} counted ${done.lines} lines of ${expectedLines.get(url)}`);
    }
    return done;
  } finally {
    await end(child);
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function start(file: string, args: readonly string[]): ChildProcess {
  return fork(fileURLToPath(new URL(file, import.meta.url)), args, {
    execArgv: ['--disable-warning=ExperimentalWarning', '--disable-warning=DeprecationWarning'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
}

function firstMessage(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    child.once('message', resolve);
    child.once('exit', (code) => reject(new BenchError(`${name} ended with code ${code}`)));
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill();
  await gone;
}
