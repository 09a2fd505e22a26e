import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { untilPortsAreFree, type WantedPort } from '../run/free-ports.ts';
import { RunError } from '../run/run-error.ts';
import { type ServiceProcess, type ServiceStart, startService } from '../run/service-process.ts';
import { type RunningStorage, startStorage } from '../storage/index.ts';
import { type Kept, keepRunning } from './keep-running.ts';
import type { MigrateOptions } from './options.ts';

/** Everything that a migration needs on one machine, running. */
export interface MigrationSystem {
  /** Changes when the host had to be started again. */
  functionsUrl(): string;
  readonly sourceUrl: string;
  readonly targetUrl: string;
  /** Connection string. */
  readonly storage: string;
  functionsProcessId(): number;
  stop(): Promise<void>;
}

export interface MigrationSystemOptions extends MigrateOptions {
  readonly onUnexpectedEnd: (name: string) => void;
  /** The host had ended and runs again. */
  readonly onHostRestarted: () => void;
  /** Something is waited for, in words. */
  readonly onWait: (message: string) => void;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts storage, the local services that no URL was given for, and the Functions host. */
export async function startMigrationSystem(
  options: MigrationSystemOptions,
): Promise<MigrationSystem> {
  const services: Pick<ServiceProcess, 'stop'>[] = [];
  let storage: RunningStorage | undefined;
  const stop = async () => {
    for (const service of services.reverse()) await service.stop();
    await storage?.close();
  };
  const register = <Service extends Pick<ServiceProcess, 'stop'>>(service: Service): Service => {
    services.push(service);
    return service;
  };
  try {
    await untilPortsAreFree(portsToTake(options), options);
    storage = await startStorage({
      dataFolder: options.data === undefined ? undefined : join(options.data, 'storage'),
      blobPort: options.ports.blob,
      queuePort: options.ports.queue,
      tablePort: options.ports.table,
      onUnexpectedEnd: () => options.onUnexpectedEnd('storage'),
    });
    const { connectionString } = storage;
    const local = async (name: string, port: number) =>
      register(await startService(fhirService(options, { name, port, connectionString }))).url;
    const sourceUrl = options.source ?? (await local('source', options.ports.source));
    const targetUrl = options.target ?? (await local('target', options.ports.target));
    const environment = appSettings({ sourceUrl, targetUrl, storage: connectionString });
    const host: Kept = register(
      await keepRunning(hostService(options, environment), {
        onRestarted: options.onHostRestarted,
        onGivenUp: () => options.onUnexpectedEnd('the Functions host'),
      }),
    );
    return {
      functionsUrl: () => host.url(),
      functionsProcessId: () => host.processId(),
      ...{ sourceUrl, targetUrl, storage: connectionString, stop },
    };
  } catch (error) {
    await stop();
    throw error instanceof Error ? new RunError(error.message, { cause: error }) : error;
  }
}

/** Services that are elsewhere need none here. */
function portsToTake({ ports, source }: MigrateOptions): readonly WantedPort[] {
  return Object.entries(ports)
    .filter(([name]) => source === undefined || (name !== 'source' && name !== 'target'))
    .map(([name, port]) => ({ flag: `${name}-port`, port }));
}

interface LocalFhir {
  readonly name: string;
  readonly port: number;
  readonly connectionString: string;
}

function fhirService(
  options: MigrationSystemOptions,
  { name, port, connectionString }: LocalFhir,
): ServiceStart {
  const data = dataArguments(options, name);
  const waits = ['--bulk-time-scale', String(options.bulkTimeScale)];
  return {
    name: `the FHIR ${name}`,
    main: 'fhir/main.ts',
    args: ['--port', String(port), '--storage', connectionString, ...waits, ...data],
    onUnexpectedEnd: () => options.onUnexpectedEnd(`the FHIR ${name}`),
  };
}

function hostService(
  options: MigrationSystemOptions,
  environment: Readonly<Record<string, string>>,
): Omit<ServiceStart, 'onUnexpectedEnd'> {
  const port = String(options.ports.functions);
  return {
    name: 'the Functions host',
    main: 'host/main.ts',
    args: ['--app', root, '--port', port, '--open-functions', ...dataArguments(options, 'host')],
    environment,
    nodeArguments: hostArguments,
  };
}

/**
 * Most of what a migration reads is forgotten at once: a small young generation, and an old one that
 * is collected before it has doubled, keep the process 120 MB smaller at the same speed. On Azure
 * they are the setting `languageWorkers__node__arguments`.
 */
const hostArguments = ['--max-semi-space-size=4', '--heap-growing-percent=30'];

/** Settings of an app that migrates and does nothing else: none of the synchronization. Whatever is set in the environment wins. */
function appSettings({
  sourceUrl,
  targetUrl,
  storage,
}: {
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly storage: string;
}): Readonly<Record<string, string>> {
  const settings = {
    AzureWebJobsStorage: storage,
    FDS_MIGRATION_SOURCE_URL: sourceUrl,
    FDS_MIGRATION_SOURCE_AUTH: authOf(sourceUrl),
    FDS_MIGRATION_TARGET_URL: targetUrl,
    FDS_MIGRATION_TARGET_AUTH: authOf(targetUrl),
    FDS_MIGRATION_STORAGE: storage,
    FDS_AUTHORIZATION: 'loopback',
  };
  const own = Object.entries(settings).filter(([name]) => !(process.env[name] ?? ''));
  return Object.fromEntries(own);
}

const authOf = (url: string): string =>
  ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname) ? 'none' : 'managed-identity';

function dataArguments({ data }: MigrateOptions, name: string): readonly string[] {
  return data === undefined ? [] : ['--data', join(data, name)];
}
