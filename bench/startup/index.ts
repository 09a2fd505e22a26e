import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { BenchError } from '../bench-error.ts';
import type { BenchOptions, Measurement } from '../benchmark.ts';
import { startLocalHost } from '../local-host.ts';
import { median } from '../median.ts';
import { packageVersion } from '../package-version.ts';

const fullRounds = 7;

/** From nothing to the first answer of a function, and to the end of a first orchestration. */
export async function run({ scale, say }: BenchOptions): Promise<Measurement> {
  const rounds = Math.max(1, Math.round(fullRounds * scale));
  const empty: number[] = [];
  const invocation: number[] = [];
  const orchestration: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    say(`round ${round} of ${rounds}`);
    const times = { empty: await emptyProcess(), ...(await hostProcess()) };
    // The first round fills the caches of the disk.
    if (round === 0) continue;
    empty.push(times.empty);
    invocation.push(times.invocation);
    orchestration.push(times.orchestration);
  }
  const row = { unit: 'ms', higherIsBetter: false, others: { 'empty Node': rounded(empty) } };
  return {
    versions: { node: process.versions.node, 'local host': packageVersion('.') },
    rows: [
      { ...row, case: 'start to first answer of a function', ours: rounded(invocation) },
      { ...row, case: 'start to end of a first orchestration', ours: rounded(orchestration) },
    ],
    notes: [
      `Medians of ${rounds}. The app loads @azure/functions and durable-functions; its state is a new SQLite file.`,
    ],
  };
}

function emptyProcess(): Promise<number> {
  const began = performance.now();
  const child = fork(fileURLToPath(new URL('./empty.ts', import.meta.url)), [], { execArgv: [] });
  return new Promise((resolve) => {
    child.once('message', () => resolve(performance.now() - began));
  });
}

async function hostProcess() {
  const folder = mkdtempSync(join(tmpdir(), 'bench-startup-'));
  const app = fileURLToPath(new URL('../engine/app', import.meta.url));
  const began = performance.now();
  const host = await startLocalHost(app, folder);
  try {
    const response = await fetch(`${host.url}/api/memory`);
    await response.arrayBuffer();
    if (!response.ok) throw new BenchError(`the function answered ${response.status}`);
    const invocation = performance.now() - began;
    await host.finish('parallel', 1);
    return { invocation, orchestration: performance.now() - began };
  } finally {
    await host.close();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

const rounded = (values: readonly number[]): number => Math.round(median(values));
