import { join } from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { type RunningStorage, startStorage } from '../storage/index.ts';
import { untilPortsAreFree } from './free-ports.ts';
import { type RunOptions, wantedPorts } from './options.ts';
import { RunError } from './run-error.ts';
import { type ServiceProcess, startService } from './service-process.ts';
import { subscribe } from './subscribe.ts';

/** The whole product on one machine, running. */
export interface RunningSystem {
  readonly functionsUrl: string;
  readonly fhirUrl: string;
  readonly dataverseUrl: string;
  readonly eventGridUrl: string;
  readonly functionsProcessId: number;
  stop(): Promise<void>;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const systemKey = 'local-system-key';
const publishKey = 'local-publish-key';

export interface SystemOptions
  extends Pick<RunOptions, 'data' | 'ports' | 'pack' | 'takeOverSeconds'> {
  readonly onUnexpectedEnd: (name: string, complaint: string) => void;
  /** Something is waited for, in words. */
  readonly onWait: (message: string) => void;
}

/**
 * Starts storage, Event Grid, FHIR, Dataverse and the Functions host, each on
 * loopback, and subscribes the app to the FHIR events. If one does not start, the
 * others are stopped again.
 */
export async function startSystem(options: SystemOptions): Promise<RunningSystem> {
  const services: ServiceProcess[] = [];
  let storage: RunningStorage | undefined;
  const stop = async () => {
    for (const service of services.reverse()) await service.stop();
    await storage?.close();
  };
  const start = async (name: string, args: readonly string[], environment = {}) => {
    const main = `${name}/main.ts`;
    const onUnexpectedEnd = (complaint: string) => options.onUnexpectedEnd(name, complaint);
    const service = await startService({ name, main, args, environment, onUnexpectedEnd });
    services.push(service);
    return service;
  };
  try {
    await untilPortsAreFree(wantedPorts(options.ports), options);
    storage = await startStorage({
      dataFolder: folder(options, 'storage'),
      blobPort: options.ports.blob,
      queuePort: options.ports.queue,
      tablePort: options.ports.table,
    });
    return { ...(await startServices(options, start, storage)), stop };
  } catch (error) {
    await stop();
    throw error instanceof Error ? new RunError(error.message, { cause: error }) : error;
  }
}

type Start = (
  name: string,
  args: readonly string[],
  environment?: Readonly<Record<string, string>>,
) => Promise<ServiceProcess>;

async function startServices(options: SystemOptions, start: Start, storage: RunningStorage) {
  const { ports } = options;
  const eventGrid = await start('event-grid', [
    ...['--port', String(ports.eventGrid), '--key', publishKey, '--time-scale', '0.1'],
    ...['--storage', storage.connectionString],
    ...dataArguments(options, 'event-grid'),
  ]);
  const events = `${eventGrid.url}/topics/fhir/api/events?api-version=2018-01-01`;
  const [fhir, dataverse] = await Promise.all([
    start('fhir', [
      ...['--port', String(ports.fhir), '--events', events, '--events-key', publishKey],
      ...dataArguments(options, 'fhir'),
    ]),
    start('dataverse', [
      ...['--port', String(ports.dataverse)],
      ...['--extend', join(root, 'infra', 'dataverse', 'tables.json')],
      ...dataArguments(options, 'dataverse'),
    ]),
  ]);
  const functions = await start(
    'host',
    [
      ...[
        '--app',
        root,
        '--port',
        String(ports.functions),
        '--system-key',
        systemKey,
        '--open-functions',
      ],
      ...dataArguments(options, 'host'),
    ],
    appSettings(options, {
      fhir: fhir.url,
      dataverse: dataverse.url,
      storage: storage.connectionString,
    }),
  );
  await subscribe({ eventGridUrl: eventGrid.url, functionsUrl: functions.url, systemKey });
  return {
    functionsUrl: functions.url,
    fhirUrl: fhir.url,
    dataverseUrl: `${dataverse.url}/api/data/v9.2`,
    eventGridUrl: eventGrid.url,
    functionsProcessId: functions.processId,
  };
}

/** Settings of the app on one machine. Whatever the person has set in the environment wins. */
function appSettings(
  options: SystemOptions,
  urls: { readonly fhir: string; readonly dataverse: string; readonly storage: string },
): Readonly<Record<string, string>> {
  const settings = {
    AzureWebJobsStorage: urls.storage,
    FDS_FHIR_URL: urls.fhir,
    FDS_FHIR_AUTH: 'none',
    FDS_DATAVERSE_URL: `${urls.dataverse}/api/data/v9.2`,
    FDS_DATAVERSE_AUTH: 'none',
    FDS_CONSENT_DEFAULT: 'permit',
    FDS_MAPS_FOLDER: join(root, 'maps'),
    FDS_MAP_PACK: options.pack,
    FDS_AUTHORIZATION: 'loopback',
    FDS_RETRY_FIRST_SECONDS: '1',
  };
  const own = Object.entries(settings).filter(([name]) => !(process.env[name] ?? ''));
  return Object.fromEntries(own);
}

const folder = ({ data }: SystemOptions, name: string): string | undefined =>
  data === undefined ? undefined : join(data, name);

function dataArguments(options: SystemOptions, name: string): readonly string[] {
  const path = folder(options, name);
  return path === undefined ? [] : ['--data', path];
}
