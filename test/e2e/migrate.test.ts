import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { checkCertificate } from '../../shared/proof/index.ts';
import { eventually } from './both-sides.ts';
import { localRun, temporaryFolder } from './local-run.ts';

const folders: Awaited<ReturnType<typeof temporaryFolder>>[] = [];
afterAll(() => Promise.all(folders.map((folder) => folder.remove())));

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

async function prepared() {
  const folder = await temporaryFolder();
  folders.push(folder);
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

/** The process of the Functions host that a run started, from its control endpoint. */
async function hostOf(output: RegExpExecArray): Promise<number> {
  const functions = (output[1] ?? '').replace(/\/api\/.*$/, '');
  const { processId } = await eventually(async () => {
    const answer = await fetch(`${functions}/_control/status`).catch(() => undefined);
    const status = (await answer?.json()) as
      | { invocations?: Record<string, { succeeded: number }>; processId?: number }
      | undefined;
    const begun = status?.invocations?.['startExtract']?.succeeded ?? 0;
    return begun > 0 && status?.processId ? { processId: status.processId } : undefined;
  }, 'an export under way');
  return processId;
}

const equal = { state: 'completed', verdict: 'equal', ledgerCloses: true, differences: 0 };

describe('npm run migrate -- --once', () => {
  it('moves everything, and the certificate says so and is sound', async () => {
    const { run, result } = await prepared();
    const migration = run();
    expect(await migration.ended(), migration.output()).toBe(0);
    const { certificate, summary } = await result();
    expect(summary).toMatchObject(equal);
    expect(certificate.kind).toBe('sound');
  }, 240_000);

  it('goes on where it was when all of it is killed and started again on the same data', async () => {
    const { run, result } = await prepared();
    const first = run();
    await hostOf(await first.says(/API\s+(http\S+)/));
    first.child.kill('SIGKILL');
    await first.ended();
    const second = run();
    expect(await second.ended(), second.output()).toBe(0);
    expect((await result()).summary).toMatchObject(equal);
  }, 240_000);
});
