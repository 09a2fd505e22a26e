import { generateKeyPairSync } from 'node:crypto';
import { vi } from 'vitest';
import type { MigrationDependencies, MigrationEnd } from '../../activities/migration/index.ts';
import { type FhirOptions, type RunningFhir, startFhir } from '../../local/fhir/index.ts';
import { VirtualClock } from '../../local/host/testing/index.ts';
import {
  type BlobStore,
  createBulkExport,
  createBulkImport,
  createBundleImport,
  createExportFileReader,
  createSearchExport,
} from '../../shared/bulk/index.ts';
import { createHttp, type HttpRequest, type HttpSend } from '../../shared/http/index.ts';
import { createMigrationService, type Side } from '../../shared/migration/index.ts';
import type { BlobAccount } from './migration-blob-account.ts';
import { memoryMigrationStore } from './migration-memory-store.ts';

const keys = generateKeyPairSync('ed25519', {
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
export const publicKey = keys.publicKey;

/** A service under test, with the calls that only a test makes. */
export interface Service extends RunningFhir {
  call(method: string, path: string, body?: string): Promise<Response>;
  control(path: string, body?: unknown): Promise<Record<string, unknown>>;
}

export interface WorldOptions {
  /** An account that many worlds share. */
  readonly storage: BlobAccount;
  /** Id of the migration in it; names its containers, so each world has its own. */
  readonly migrationId: string;
  readonly start?: Date;
  readonly source?: Partial<FhirOptions>;
  readonly target?: Partial<FhirOptions>;
}

/** A kick-off of `$export` as it left the app. */
export interface SentExport {
  readonly side: Side;
  readonly container: string;
}

/** Two services, a storage account and a clock that passes only when told. */
export interface World {
  readonly migrationId: string;
  readonly clock: VirtualClock;
  readonly source: Service;
  readonly target: Service;
  readonly blobs: BlobStore;
  readonly deps: MigrationDependencies;
  readonly sentExports: readonly SentExport[];
  /** Moves the clock of everything in this process. */
  pass(milliseconds: number): void;
  /** Sets `Date` of this process to the clock. */
  sync(): void;
  /** Resolves when no bulk job is under way, in real time. */
  idle(): Promise<void>;
  close(): Promise<void>;
}

/**
 * To be called with `vi.useFakeTimers({ toFake: ['Date'] })`: both services run in this process, so
 * their clocks, too, stand still until the world lets time pass.
 */
export async function openWorld(options: WorldOptions): Promise<World> {
  const clock = new VirtualClock(options.start ?? new Date('2026-03-01T00:00:00Z'));
  const sync = () => void vi.setSystemTime(clock.now());
  sync();
  const { connectionString, store: blobs } = options.storage;
  const usual = { port: 0, storage: connectionString, describedTypes };
  const source = await openService({ ...usual, ...options.source });
  const target = await openService({ ...usual, ...options.target });
  const sentExports: SentExport[] = [];
  const end = (side: Side, { url }: Service): MigrationEnd => {
    const send = watched(openHttp(url), (container) => sentExports.push({ side, container }));
    const http = { allowedOrigins: [new URL(url).origin], userAgent };
    return {
      service: createMigrationService(url, send),
      exporter: (dialect) => createBulkExport({ url, send, dialect }),
      openFile: createExportFileReader({ store: blobs, http }),
      pages: createSearchExport({ url, send }),
    };
  };
  const deps: MigrationDependencies = {
    store: memoryMigrationStore(),
    ends: { source: end('source', source), target: end('target', target) },
    importer: createBulkImport({ url: target.url, send: openHttp(target.url) }),
    bundles: createBundleImport({ url: target.url, send: openHttp(target.url) }),
    blobs,
    now: () => new Date(clock.now()),
    orphanSeconds: 10,
    signingKey: keys.privateKey,
  };
  return {
    migrationId: options.migrationId,
    ...{ clock, source, target, blobs, deps, sentExports, sync },
    pass(milliseconds) {
      clock.jump(clock.now() + milliseconds);
      sync();
    },
    async idle() {
      while (source.jobs() + target.jobs() > 0) await breath();
    },
    close: async () => {
      // Thousands of worlds share one account, which is in memory.
      for await (const name of blobs.containers(`fds-${options.migrationId}-`)) {
        await blobs.removeContainer(name);
      }
      await source.close();
      await target.close();
    },
  };
}

/** All of R4 are half a megabyte to read at every start and every proof. */
const describedTypes = ['Encounter', 'Observation', 'Patient', 'SearchParameter'];

const userAgent = 'fhir-dataverse-sync/test';

/** Without the short retries of the transport: what a test makes fail is to reach the steps. */
const openHttp = (url: string): HttpSend =>
  createHttp({
    allowedOrigins: [new URL(url).origin],
    userAgent,
    retry: { attempts: 1, maxWaitSeconds: 0 },
  });

const breath = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function watched(send: HttpSend, kickedOff: (container: string) => void): HttpSend {
  return (request: HttpRequest) => {
    const { pathname, searchParams } = new URL(request.url);
    const container = searchParams.get('_container');
    // Without a container it asks for permission only, and is refused.
    if (pathname.endsWith('/$export') && container !== null) kickedOff(container);
    return send(request);
  };
}

async function openService(options: FhirOptions): Promise<Service> {
  const running = await startFhir(options);
  const headers = { 'content-type': 'application/fhir+json' };
  const call = (method: string, path: string, body?: string) =>
    fetch(`${running.url}/${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
  return {
    ...running,
    call,
    control: async (path, body) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const answer = await call(text === undefined ? 'GET' : 'POST', `_control/${path}`, text);
      if (!answer.ok) throw new Error(await answer.text());
      return answer.json() as Promise<Record<string, unknown>>;
    },
  };
}
