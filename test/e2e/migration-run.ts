import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { checkCertificate } from '../../shared/proof/index.ts';
import { hostAfter } from './empty-system.ts';
import { type LocalRun, localRun, temporaryFolder } from './local-run.ts';

const portNames = ['functions', 'source', 'target', 'blob', 'queue', 'table'];

/** Free ones, the same for every start: addresses of services and of storage outlive a restart. */
async function freePorts(): Promise<readonly string[]> {
  const servers = portNames.map(() => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
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
  const run = () => localRun(args, { main: 'local/migrate/main.ts', ports });
  const result = async () => ({
    certificate: checkCertificate(await readFile(certificate, 'utf8')),
    summary: JSON.parse(await readFile(summary, 'utf8')) as Readonly<Record<string, unknown>>,
  });
  return { run, result };
}

/** The process of the Functions host of a run that names its API, once an export is under way. */
export async function hostOf(migration: LocalRun): Promise<number> {
  const output = await migration.says(/API\s+(http\S+)/);
  const functions = (output[1] ?? '').replace(/\/api\/.*$/, '');
  return hostAfter(functions, 'startExtract');
}

export const equal = { state: 'completed', verdict: 'equal', ledgerCloses: true, differences: 0 };
