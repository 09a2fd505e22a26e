import { expect } from 'vitest';
import { certificateFile, proofContainer } from '../../activities/migration/index.ts';
import { openTypes, type QuarantinedVersion } from '../../shared/migration/index.ts';
import { type Certificate, checkCertificate } from '../../shared/proof/index.ts';
import type { Ran } from './migration-run.ts';
import { publicKey, type Service, type World } from './migration-world.ts';

/** A version as a service tells it in its history, by `Type/id/version`. */
export type Versions = ReadonlyMap<string, string>;

interface HistoryPage {
  readonly entry?: readonly {
    readonly resource: { readonly resourceType: string; readonly id: string } & {
      readonly meta: { readonly versionId: string };
    };
    readonly request: { readonly method: string };
  }[];
  readonly link?: readonly { readonly relation: string; readonly url: string }[];
}

/** All versions of a service, deletes included, by its own history and nothing of the product. */
export async function versionsOf(service: Service): Promise<Versions> {
  const versions = new Map<string, string>();
  let path: string | undefined = '_history?_count=500';
  while (path !== undefined) {
    const page = (await (await service.call('GET', path)).json()) as HistoryPage;
    for (const { resource, request } of page.entry ?? []) {
      const key = `${resource.resourceType}/${resource.id}/${resource.meta.versionId}`;
      const kind = request.method === 'DELETE' ? 'deleted' : 'live';
      versions.set(key, `${kind} ${canonical(resource)}`);
    }
    const next = page.link?.find(({ relation }) => relation === 'next')?.url;
    path = next?.slice(service.url.length + 1);
  }
  return versions;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`)}}`;
}

/** What must hold after every run, whatever happened in it. */
export async function expectSound(world: World, ran: Ran): Promise<void> {
  expect(ran.run.state).toBe('completed');
  for (const service of [world.source, world.target]) await clearFaults(service);
  const { migrationId, deps } = world;
  const { store } = deps;
  const quarantined = await store.quarantine.list(migrationId);
  const windows = await store.windows.list(migrationId);
  expect(windows.filter(({ state }) => state !== 'closed')).toEqual([]);
  expect(windows.flatMap(({ ledger }) => openTypes(ledger))).toEqual([]);
  await expectSameVersions(world, quarantined);
  const certificate = await soundCertificate(world);
  expect(certificate.verdict).toBe(quarantined.length === 0 ? 'equal' : 'equal-except-quarantined');
  expect(certificate.differences.count).toBe(0);
  const blameless = quarantined.filter(({ reference }) => !ran.writer.trapped.has(reference));
  expect(blameless.map(({ reference, cause }) => `${reference} ${cause}`)).toEqual([]);
}

async function clearFaults({ url }: Service): Promise<void> {
  for (const path of ['bulk-faults', 'faults']) {
    await fetch(`${url}/_control/${path}`, { method: 'DELETE' });
  }
}

async function expectSameVersions(
  { source, target, deps, migrationId }: World,
  quarantined: readonly QuarantinedVersion[],
): Promise<void> {
  const apart = new Set(quarantined.map(({ reference, versionId }) => `${reference}/${versionId}`));
  const repairs = await deps.store.repairs.list(migrationId);
  const moved = new Set(
    repairs
      .filter(({ kind }) => kind === 'moved-last-updated')
      .map(({ reference, versionId }) => `${reference}/${versionId}`),
  );
  const comparable = (versions: Versions) =>
    Object.fromEntries(
      [...versions]
        .filter(([key]) => !apart.has(key))
        .map(([key, text]) => [
          key,
          moved.has(key) ? text.replace(/"lastUpdated":"[^"]*"/, '') : text,
        ])
        .sort(([one = ''], [other = '']) => (one < other ? -1 : 1)),
    );
  const [from, to] = [await versionsOf(source), await versionsOf(target)];
  expect(comparable(to)).toEqual(comparable(from));
}

/** Of every export that was asked for, one job at most was left alive: the others were cancelled. */
export async function expectOneJobEach(world: World): Promise<void> {
  const { sentExports, blobs, ...services } = world;
  for (const service of [world.source, world.target]) await clearFaults(service);
  const alive = new Map<string, string[]>();
  for (const { side, container } of sentExports) {
    const extract = container.replace(/-\d+$/, '');
    for (const job of await jobsIn(blobs.list(container))) {
      const answer = await services[side].call('GET', `_operations/export/${job}`);
      await answer.body?.cancel();
      if (answer.status !== 200 && answer.status !== 202) continue;
      const known = alive.get(`${side} ${extract}`) ?? [];
      if (!known.includes(job)) alive.set(`${side} ${extract}`, [...known, job]);
    }
  }
  const several = [...alive].filter(([, jobs]) => jobs.length > 1);
  expect(several).toEqual([]);
  expect(new Set(sentExports.map(({ container }) => container)).size).toBe(sentExports.length);
}

async function jobsIn(files: AsyncIterable<{ readonly name: string }>): Promise<readonly string[]> {
  const jobs = new Set<string>();
  for await (const { name } of files) {
    const job = /^[^/]*-(\d+)\//.exec(name)?.[1];
    if (job !== undefined) jobs.add(job);
  }
  return [...jobs];
}

/** The certificate, after it was checked as anybody can check it. */
export async function soundCertificate({
  blobs,
  migrationId,
}: Pick<World, 'blobs' | 'migrationId'>): Promise<Certificate> {
  const parts: Buffer[] = [];
  const url = blobs.urlOf(proofContainer(migrationId), certificateFile);
  for await (const part of blobs.read(url)) parts.push(part);
  const checked = checkCertificate(Buffer.concat(parts), { publicKey });
  if (checked.kind === 'unreadable') throw new Error(checked.reason);
  const problems = checked.points.filter(({ problem }) => problem !== undefined);
  expect(problems).toEqual([]);
  expect(checked.signature.kind).toBe('trusted');
  return checked.certificate!;
}
