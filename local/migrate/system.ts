import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { RunError } from '../run/run-error.ts';
import { type ServiceProcess, startService } from '../run/service-process.ts';
import { type RunningStorage, startStorage } from '../storage/index.ts';
import type { MigrateOptions } from './options.ts';

/** Everything that a migration needs on one machine, running. */
export interface MigrationSystem {
  readonly functionsUrl: string;
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly functionsProcessId: number;
  stop(): Promise<void>;
}

export interface MigrationSystemOptions extends MigrateOptions {
  readonly onUnexpectedEnd: (name: string) => void;
}

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Starts storage, the local services that no URL was given for, and the Functions host. */
export async function startMigrationSystem(
  options: MigrationSystemOptions,
): Promise<MigrationSystem> {
  const services: ServiceProcess[] = [];
  let storage: RunningStorage | undefined;
  const stop = async () => {
    for (const service of services.reverse()) await service.stop();
    await storage?.close();
  };
  const start: Start = async (name, main, { args, environment = {} }) => {
    const onUnexpectedEnd = () => options.onUnexpectedEnd(name);
    const service = await startService({ name, main, args, environment, onUnexpectedEnd });
    services.push(service);
    return service;
  };
  try {
    storage = await startStorage({
      dataFolder: options.data === undefined ? undefined : join(options.data, 'storage'),
      blobPort: options.blobPort,
      queuePort: options.queuePort,
      tablePort: options.tablePort,
    });
    return { ...(await startServices(options, start, storage.connectionString)), stop };
  } catch (error) {
    await stop();
    throw error instanceof Error ? new RunError(error.message, { cause: error }) : error;
  }
}

type Start = (
  name: string,
  main: string,
  how: {
    readonly args: readonly string[];
    readonly environment?: Readonly<Record<string, string>>;
  },
) => Promise<ServiceProcess>;

async function startServices(options: MigrateOptions, start: Start, storage: string) {
  const fhir = (name: string, port: number) =>
    start(name, 'fhir/main.ts', {
      args: ['--port', String(port), '--storage', storage, ...dataArguments(options, name)],
    });
  const sourceUrl = options.source ?? (await fhir('source', options.sourcePort)).url;
  const targetUrl = options.target ?? (await fhir('target', options.targetPort)).url;
  const functions = await start('host', 'host/main.ts', {
    args: [
      ...['--app', root, '--port', String(options.functionsPort), '--open-functions'],
      ...dataArguments(options, 'host'),
    ],
    environment: appSettings({ sourceUrl, targetUrl, storage }),
  });
  const { url: functionsUrl, processId: functionsProcessId } = functions;
  return { functionsUrl, sourceUrl, targetUrl, functionsProcessId };
}

/** Settings of an app that migrates and does nothing else. Whatever is set in the environment wins. */
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
    FDS_FHIR_URL: targetUrl,
    FDS_FHIR_AUTH: authOf(targetUrl),
    // No change sync runs here: nothing is ever sent to this address.
    FDS_DATAVERSE_URL: 'http://127.0.0.1:1/api/data/v9.2',
    FDS_DATAVERSE_AUTH: 'none',
    FDS_CONSENT_DEFAULT: 'deny',
    FDS_MAPS_FOLDER: join(root, 'maps'),
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
