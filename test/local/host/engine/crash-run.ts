import { fork } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plan } from './random-plans.ts';

const child = fileURLToPath(new URL('./crash-child.ts', import.meta.url));

/** A boundary of a transaction: just before or just after the n-th commit of a process. */
export interface Boundary {
  readonly commit: number;
  readonly when: 'before' | 'after';
}

type Ending =
  | { readonly kind: 'killed' }
  | { readonly kind: 'ended'; readonly endings: readonly unknown[]; readonly commits: number };

/** Plans on one data file, run by one process after the other. */
export interface CrashRun {
  /** Without a boundary the process runs to its end. */
  process(task: 'all' | 'start' | 'continue', boundary?: Boundary): Promise<Ending>;
  remove(): Promise<void>;
}

function runChild(args: readonly string[]): Promise<Ending> {
  return new Promise((resolve, reject) => {
    const process = fork(child, args, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    let result: { endings: readonly unknown[]; commits: number } | undefined;
    let errors = '';
    process.stderr?.on('data', (chunk) => (errors += String(chunk)));
    process.on('message', (message) => {
      result = message as NonNullable<typeof result>;
    });
    process.on('exit', (_code, signal) => {
      if (signal === 'SIGKILL') resolve({ kind: 'killed' });
      else if (result !== undefined) resolve({ kind: 'ended', ...result });
      else reject(new Error(`the process ended by itself: ${errors}`));
    });
  });
}

export async function crashRun(plans: readonly Plan[]): Promise<CrashRun> {
  const folder = await mkdtemp(join(tmpdir(), 'durable-crash-'));
  const plansFile = join(folder, 'plans.json');
  await writeFile(plansFile, JSON.stringify(plans));
  const dataFile = join(folder, 'engine.db');
  return {
    process: (task, boundary = { commit: 0, when: 'after' }) =>
      runChild([dataFile, plansFile, task, String(boundary.commit), boundary.when]),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** Runs the plans in processes killed at the given boundaries, and then in one that is not killed. */
export async function throughBoundaries(
  plans: readonly Plan[],
  boundaries: readonly Boundary[],
): Promise<{ readonly endings: readonly unknown[]; readonly killed: number }> {
  const run = await crashRun(plans);
  try {
    let killed = 0;
    for (const boundary of [...boundaries, undefined]) {
      const ending = await run.process('all', boundary);
      if (ending.kind === 'ended') return { endings: ending.endings, killed };
      killed += 1;
    }
    throw new Error('the last process was killed by somebody else');
  } finally {
    await run.remove();
  }
}

/**
 * Starts the plans and then lets every process die at its first commit of work
 * (its first commit of all is the recovery): one just before it, the next one
 * just after it, so that each boundary of the whole run is met from both sides.
 */
export async function throughEveryBoundary(
  plans: readonly Plan[],
): Promise<{ readonly endings: readonly unknown[]; readonly boundaries: number }> {
  const run = await crashRun(plans);
  try {
    await run.process('start');
    await run.process('continue', { commit: 1, when: 'before' });
    await run.process('continue', { commit: 1, when: 'after' });
    for (let boundaries = 1; ; boundaries++) {
      for (const when of ['before', 'after'] as const) {
        const ending = await run.process('continue', { commit: 2, when });
        if (ending.kind === 'ended') return { endings: ending.endings, boundaries };
      }
    }
  } finally {
    await run.remove();
  }
}
