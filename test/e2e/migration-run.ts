import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { isFree } from '../../local/run/free-ports.ts';
import { checkCertificate } from '../../shared/proof/index.ts';
import { hostAfter } from './empty-system.ts';
import { type LocalRun, localRun, temporaryFolder } from './local-run.ts';

const portNames = ['functions', 'source', 'target', 'blob', 'queue', 'table'];

/**
 * Free ones, the same for every start: addresses of services and of storage outlive a restart. They
 * are below those that the system hands out by itself, so nobody takes one between two starts.
 */
async function freePorts(): Promise<readonly string[]> {
  const first = 20_000 + Math.floor(Math.random() * 10_000);
  const ports: number[] = [];
  for (let port = first; ports.length < portNames.length; port += 1) {
    if (await isFree(port)) ports.push(port);
  }
  return portNames.flatMap((name, index) => [`--${name}-port`, String(ports[index])]);
}

/** `npm run migrate` of a few patients with data, addresses and results of its own, to be run once or more. */
export async function preparedMigration() {
  const folder = await temporaryFolder();
  onTestFinished(() => folder.remove());
  const certificate = join(folder.path, 'c.json');
  const summary = join(folder.path, 's.json');
  const args = [
    ...['--patients', '4', '--once', '--data', join(folder.path, 'data')],
    ...['--certificate', certificate, '--summary', summary],
  ];
  const ports = await freePorts();
  const run = () => {
    const started = localRun(args, { main: 'local/migrate/main.ts', ports });
    onTestFinished(() => void started.child.kill('SIGKILL'));
    return started;
  };
  const result = async () => ({
    certificate: checkCertificate(await readFile(certificate, 'utf8')),
    summary: JSON.parse(await readFile(summary, 'utf8')) as Readonly<Record<string, unknown>>,
  });
  return { run, result };
}

/** Seconds that a migration of a few patients may take; one that hangs is to tell what it said. */
const mostSeconds = 100;

export async function endsWell(migration: LocalRun): Promise<void> {
  const late = sleep(mostSeconds * 1_000, 'still running', { ref: false });
  const ending = await Promise.race([migration.ended(), late]);
  expect(ending, migration.output()).toBe(0);
}

/** The process of the Functions host of a run that names its API, once an export is under way. */
export async function hostOf(migration: LocalRun): Promise<number> {
  const output = await migration.says(/API\s+(http\S+)/);
  const functions = (output[1] ?? '').replace(/\/api\/.*$/, '');
  return hostAfter(functions, 'startExtract');
}

export const equal = { state: 'completed', verdict: 'equal', ledgerCloses: true, differences: 0 };
