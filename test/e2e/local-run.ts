import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningDataverse, startDataverse } from '../../local/dataverse/index.ts';
import { type RunningFhir, startFhir } from '../../local/fhir/index.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

const freePorts = [
  'functions',
  'fhir',
  'dataverse',
  'event-grid',
  'blob',
  'queue',
  'table',
].flatMap((name) => [`--${name}-port`, '0']);

export interface LocalRun {
  readonly child: ChildProcess;
  output(): string;
  /** Resolves with the exit code. */
  ended(): Promise<number | null>;
  /** Waits until the output matches, and gives the match. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  stop(): Promise<void>;
}

/** `npm start -- …args` on free ports, as a process of its own. */
export function localRun(
  args: readonly string[],
  options: { ports?: readonly string[]; main?: string } = {},
): LocalRun {
  const child = spawn(
    process.execPath,
    [options.main ?? 'local/main.ts', ...(options.ports ?? freePorts), ...args],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let output = '';
  const listeners = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8');
      for (const listener of listeners) listener();
    });
  }
  const exit = once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : null));
  void exit.then(() => {
    for (const listener of listeners) listener();
  });
  const says = (pattern: RegExp) =>
    new Promise<RegExpExecArray>((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(output);
        if (match) resolve(match);
        else if (child.exitCode !== null)
          reject(new Error(`ended without saying ${pattern}: ${output}`));
        else return;
        listeners.delete(look);
      };
      listeners.add(look);
      look();
    });
  return {
    child,
    output: () => output,
    ended: () => exit,
    says,
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'fds-e2e-'));
  return { path, remove: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}

export async function readSummary(file: string) {
  return JSON.parse(await readFile(file, 'utf8')) as {
    fed: number;
    feedFailures: number;
    events: number;
    changes: number;
    outcomes: Record<string, number>;
    pending: number;
    countsClose: boolean;
    deadLetters: number;
    rows: Record<string, number>;
    identifiersWrittenBack: number;
    echoesDropped: number;
    callsPerChange: { fhir: number; dataverse: number };
  };
}

/** The two stand-ins on what a run left behind, to look at its result. */
export async function openResult(
  data: string,
): Promise<{ fhir: RunningFhir; dataverse: RunningDataverse; close(): Promise<void> }> {
  const fhir = await startFhir({ port: 0, dataFolder: join(data, 'fhir') });
  const dataverse = await startDataverse({
    port: 0,
    dataFolder: join(data, 'dataverse'),
    extensions: [join(root, 'infra', 'dataverse', 'tables.json')],
  });
  return {
    fhir,
    dataverse,
    close: async () => {
      await fhir.close();
      await dataverse.close();
    },
  };
}
