import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plan } from './random-plans.ts';

const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url));

interface Run {
  readonly endings: readonly unknown[] | undefined;
  readonly signal: string | null;
  readonly errors: string;
}

function runChild(args: readonly string[]): Promise<Run> {
  return new Promise((resolve) => {
    const process = fork(child, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let endings: readonly unknown[] | undefined;
    let errors = '';
    process.stderr?.on('data', (chunk) => (errors += String(chunk)));
    process.on('message', (message) => {
      endings = message as readonly unknown[];
    });
    process.on('exit', (_code, signal) => resolve({ endings, signal, errors }));
  });
}

/**
 * Runs the plans in a process that is killed at the given commits, one process
 * after the other on one data file, and then in one that is not killed.
 */
export async function runThroughCrashes(
  plans: readonly Plan[],
  kills: readonly { readonly commit: number; readonly when: 'before' | 'after' }[],
): Promise<{ readonly endings: readonly unknown[]; readonly killed: number }> {
  const folder = await mkdtemp(join(tmpdir(), 'durable-crash-'));
  try {
    const plansFile = join(folder, 'plans.json');
    await writeFile(plansFile, JSON.stringify(plans));
    const dataFile = join(folder, 'engine.db');
    let killed = 0;
    for (const { commit, when } of [...kills, { commit: 0, when: 'after' }]) {
      const { endings, signal, errors } = await runChild([
        dataFile,
        plansFile,
        String(commit),
        when,
      ]);
      if (signal === 'SIGKILL') killed += 1;
      else if (endings === undefined) throw new Error(`the process ended by itself: ${errors}`);
      else return { endings, killed };
    }
    throw new Error('the last process was killed by somebody else');
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
