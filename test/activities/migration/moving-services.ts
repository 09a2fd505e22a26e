import { setTimeout as sleep } from 'node:timers/promises';
import {
  createMigrationActivities,
  loadRun,
  type MigrationDependencies,
  type MigrationEnd,
  proofContainer,
  runsPartition,
} from '../../../activities/migration/index.ts';
import { certificateFile } from '../../../activities/migration/issue-certificate.ts';
import { startFhir } from '../../../local/fhir/index.ts';
import { type InlineActivity, runOrchestrator } from '../../../local/host/testing/index.ts';
import { migrate } from '../../../orchestrations/migrate.ts';
import { exportWindow, importWindow } from '../../../orchestrations/migrate-window.ts';
import { digestSide, proveEquality } from '../../../orchestrations/prove-equality.ts';
import {
  createBlobStore,
  createBulkExport,
  createBulkImport,
  createBundleImport,
  createExportFileReader,
  createSearchExport,
} from '../../../shared/bulk/index.ts';
import { createHttp, type HttpOptions } from '../../../shared/http/index.ts';
import {
  createMigrationService,
  createMigrationStore,
  type MigrationStore,
  migrationPlan,
  type RepairRecord,
  sumLedgers,
  type WindowLedger,
} from '../../../shared/migration/index.ts';
import { checkCertificate } from '../../../shared/proof/index.ts';
import { startBlobAccount } from '../../support/migration-blob-account.ts';
import { memoryMigrationStore } from '../../support/migration-memory-store.ts';
import { newStorageAccount } from '../../support/storage-account.ts';

/** A service that is there already, in place of a local one. */
export interface Outside {
  readonly url: string;
  readonly token: string;
}

export interface MovingOptions {
  /** Microsoft's emulator in place of the quick account in memory. */
  readonly azurite?: boolean;
  /** `plain`: without `$export` and `$import`. */
  readonly source?: 'bulk' | 'plain' | Outside;
  readonly target?: 'bulk' | 'plain';
  /** Folder of the source's database. */
  readonly sourceData?: string;
}

export interface Moved {
  readonly state: string;
  readonly reason: string | null;
  readonly ledger: WindowLedger;
  readonly certificate: ReturnType<typeof checkCertificate>;
  readonly repairs: readonly RepairRecord[];
}

/** Called with the name of a step before it begins. */
export type Meanwhile = (step: string) => Promise<void>;

/** Two FHIR services, storage between them, and migrations run by the real steps and orchestrations. */
export interface MovingServices {
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly deps: MigrationDependencies;
  readonly store: MigrationStore;
  /** Starts a migration that cuts over as soon as it has caught up. */
  start(plan?: object): Promise<string>;
  /** Runs it until it is at rest; what happens meanwhile is told before each step. */
  run(id: string, meanwhile?: Meanwhile): Promise<Moved>;
  close(): Promise<void>;
}

/** A service tells its time in whole seconds: what it wrote in the last one comes in a window of its own. */
export const nextSecond = (): Promise<void> =>
  new Promise((resolve) => setTimeout(resolve, 1_000 - (Date.now() % 1_000)));

export async function startMovingServices(options: MovingOptions = {}): Promise<MovingServices> {
  const storage = await (options.azurite
    ? { ...newStorageAccount(), close: async () => undefined }
    : startBlobAccount());
  const { source: from = 'bulk', target: to = 'bulk' } = options;
  const source =
    typeof from === 'object' ? outside(from) : await local(from, storage, options.sourceData);
  const target = await local(to, storage);
  const store = options.azurite
    ? createMigrationStore(storage.connectionString)
    : memoryMigrationStore();
  const deps = dependenciesOf({ source, target }, { store, storage: storage.connectionString });
  return {
    sourceUrl: source.url,
    targetUrl: target.url,
    deps,
    store: deps.store,
    start: (plan = {}) => newMigration(deps.store, plan),
    run: (id, meanwhile) => run(deps, { id, meanwhile }),
    close: async () => {
      await Promise.all([source.close(), target.close()]);
      await storage.close();
    },
  };
}

interface Service extends Partial<Outside> {
  readonly url: string;
  close(): Promise<void>;
}

const outside = (given: Outside): Service => ({ ...given, close: async () => undefined });

const local = (
  kind: 'bulk' | 'plain',
  { connectionString }: { readonly connectionString: string },
  dataFolder?: string,
): Promise<Service> =>
  startFhir({ port: 0, dataFolder, ...(kind === 'bulk' ? { storage: connectionString } : {}) });

function dependenciesOf(
  { source, target }: { readonly source: Service; readonly target: Service },
  { store, storage }: { readonly store: MigrationStore; readonly storage: string },
): MigrationDependencies {
  const blobs = createBlobStore({ connectionString: storage });
  const optionsOf = ({ url, token }: Service): HttpOptions => ({
    allowedOrigins: [new URL(url).origin],
    userAgent: 'migration-test/1',
    ...(token === undefined ? {} : { token: async () => token }),
  });
  const endOf = (service: Service): MigrationEnd => {
    const http = optionsOf(service);
    const send = createHttp(http);
    const { url } = service;
    return {
      service: createMigrationService(url, send),
      exporter: (dialect) => createBulkExport({ url, send, dialect }),
      openFile: createExportFileReader({ store: blobs, http }),
      pages: createSearchExport({ url, send }),
    };
  };
  const send = createHttp(optionsOf(target));
  return {
    store,
    ends: { source: endOf(source), target: endOf(target) },
    importer: createBulkImport({ url: target.url, send }),
    bundles: createBundleImport({ url: target.url, send }),
    blobs,
    now: () => new Date(),
    orphanSeconds: 0.5,
    signingKey: undefined,
  };
}

let migrations = 0;

async function newMigration(store: MigrationStore, plan: object): Promise<string> {
  const at = new Date().toISOString();
  migrations += 1;
  const id = `m${migrations}x${process.pid}`;
  const ownPlan = {
    ...{ lagSeconds: 0, overlapSeconds: 1, intervalSeconds: 1, cutOver: 'when-caught-up' },
    pollSeconds: { first: 0.05, most: 0.1 },
    ...plan,
  };
  const no = { pause: false, stop: false, cutOver: false };
  await store.orders.put(runsPartition, id, {
    plan: migrationPlan.parse(ownPlan),
    ...no,
    orderedAt: at,
  });
  await store.runs.put(runsPartition, id, {
    ...{ id, state: 'preparing', reason: null, startedAt: at, changedAt: at },
    ...{ begin: null, cursor: null, windows: 0, proofs: 0, mends: 0, bytesPerResource: 2_000 },
    ...{ blockedTimes: 0, frozenAt: null, exportDialect: null, bulkImport: true },
  });
  return id;
}

interface Running {
  readonly id: string;
  readonly meanwhile: Meanwhile | undefined;
}

async function run(deps: MigrationDependencies, { id, meanwhile }: Running): Promise<Moved> {
  const result = await runOrchestrator(migrate, {
    input: { migrationId: id, move: 0 },
    orchestrations: { exportWindow, importWindow, proveEquality, digestSide },
    activities: patient(createMigrationActivities(deps), meanwhile),
    instanceId: `migration-${id}`,
  });
  if (result.runtimeStatus !== 'Completed') throw new Error(JSON.stringify(result.output));
  const { run: ended } = await loadRun(deps.store, id);
  const windows = await deps.store.windows.list(id);
  const parts: Buffer[] = [];
  const url = deps.blobs.urlOf(proofContainer(id), certificateFile);
  for await (const part of deps.blobs.read(url)) parts.push(part);
  return {
    state: ended.state,
    reason: ended.reason,
    ledger: sumLedgers(windows.map(({ ledger }) => ledger)),
    certificate: checkCertificate(Buffer.concat(parts).toString('utf8')),
    repairs: await deps.store.repairs.list(id),
  };
}

/** The clock of the orchestration does not wait for the services: a look that comes too early is paid in real time. */
function patient(
  activities: object,
  meanwhile: Meanwhile = async () => undefined,
): Readonly<Record<string, InlineActivity>> {
  const waiting = async (input: never, step: InlineActivity, context: never) => {
    const answer: unknown = await step(input, context);
    const kind = (answer as { readonly kind?: string }).kind ?? '';
    if (kind === 'blocked') blocks += 1;
    if (blocks > 2) throw new Error(JSON.stringify(answer));
    if (['running', 'settling', 'wait', 'later'].includes(kind)) await sleep(25);
    return answer;
  };
  let blocks = 0;
  return Object.fromEntries(
    Object.entries(activities).map(([name, step]) => [
      name,
      async (input: never, context: unknown) => {
        await meanwhile(name);
        return waiting(input, step as InlineActivity, context as never);
      },
    ]),
  );
}

/** Writes a resource into a service and answers it as the service holds it. */
export async function put(url: string, resource: object): Promise<Record<string, unknown>> {
  const { resourceType, id } = resource as { resourceType: string; id: string };
  const answer = await fetch(`${url}/${resourceType}/${id}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify(resource),
  });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, unknown>;
}

export async function remove(url: string, reference: string, hard = false): Promise<void> {
  const answer = await fetch(`${url}/${reference}${hard ? '?_hardDelete=true' : ''}`, {
    method: 'DELETE',
  });
  if (!answer.ok) throw new Error(`${answer.status}`);
}

export const statusOf = async (url: string, reference: string): Promise<number> =>
  (await fetch(`${url}/${reference}`)).status;

export const patientOf = (id: string, family = 'A') => ({
  resourceType: 'Patient',
  id,
  name: [{ family }],
});

/** The verdict of a certificate that holds; otherwise what is wrong with it. */
export function verdictOf({ certificate }: Moved): string {
  if (certificate.kind === 'sound') return certificate.certificate?.verdict ?? 'none';
  return JSON.stringify(certificate);
}

/** What the certificate says of references. */
export function closureOfCertificate({ certificate }: Moved) {
  return certificate.kind === 'unreadable' ? undefined : certificate.certificate?.references;
}

/** Loads versions with numbers and instants of their own into a service. */
export async function importLines(
  { deps }: MovingServices,
  url: string,
  resources: readonly object[],
): Promise<void> {
  await deps.blobs.ensureContainer('test-input');
  imports += 1;
  const lines = resources.map((resource) => `${JSON.stringify(resource)}\n`).join('');
  const { url: file } = await deps.blobs.write(
    'test-input',
    `${imports}.ndjson`,
    Buffer.from(lines),
  );
  const send = createHttp({ allowedOrigins: [url], userAgent: 'migration-test/1' });
  const importer = createBulkImport({ url, send });
  const job = await importer.kickOff({ files: [{ url: file }] });
  if (job.kind !== 'started') throw new Error(job.kind);
  for (;;) {
    const status = await importer.status(job.statusUrl);
    if (status.kind === 'done' && status.errors.length === 0) return;
    if (status.kind !== 'running') throw new Error(JSON.stringify(status));
    await sleep(20);
  }
}

let imports = 0;
