import { fileURLToPath } from 'node:url';
import { startDataverse } from '../../local/dataverse/index.ts';
import { startFhir } from '../../local/fhir/index.ts';
import { startStorage } from '../../local/storage/index.ts';
import { eventually, type HostProcess, startApp } from '../local/host/host-process.ts';
import { newStorageAccount } from '../support/storage-account.ts';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export type Json = Readonly<Record<string, unknown>>;

export interface Reply {
  readonly status: number;
  readonly type: string | null;
  readonly etag: string | null;
  /** Empty when the answer is no JSON object. */
  readonly body: Json;
}

interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly [element: string]: unknown;
}

export interface Status {
  readonly idle: boolean;
  readonly received: number;
  readonly echoes: number;
  readonly quarantined: number;
  readonly ignored: number;
  readonly pending: number;
  readonly deadLetters: number;
  readonly running: number;
  readonly mapPack: string;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Bytes; what Event Grid delivers at most at once. */
export const bodyLimit = 1_048_576;

export interface RunningApp {
  readonly host: HostProcess;
  readonly fhirUrl: string;
  readonly dataverseUrl: string;
  call(method: string, path: string, options?: CallOptions): Promise<Reply>;
  /** Delivers as Event Grid does. */
  deliver(events: unknown, headers?: Readonly<Record<string, string>>): Promise<Reply>;
  /** Stores a resource; the event is not sent by itself. */
  put(resource: Resource): Promise<void>;
  /** Rows of a table, straight from the Dataverse stand-in. */
  rows(table: string): Promise<readonly Json[]>;
  /** `GET /api/status`, once nothing is going on. */
  settled(): Promise<Status>;
  /** Another instance of the app over the same storage, FHIR and Dataverse. */
  anotherHost(): Promise<Pick<RunningApp, 'call' | 'stop'>>;
  /** Ends storage under the running app; only storage of its own can be ended. */
  endStorage(): Promise<void>;
  stop(): Promise<void>;
}

export interface CallOptions {
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export const settings = (urls: {
  readonly fhir: string;
  readonly dataverse: string;
  readonly storage: string;
}): Readonly<Record<string, string>> => ({
  AzureWebJobsStorage: urls.storage,
  FDS_FHIR_URL: urls.fhir,
  FDS_FHIR_AUTH: 'none',
  FDS_DATAVERSE_URL: `${urls.dataverse}/api/data/v9.2`,
  FDS_DATAVERSE_AUTH: 'none',
  FDS_CONSENT_DEFAULT: 'permit',
  FDS_MAPS_FOLDER: `${root}maps`,
  FDS_MAP_PACK: 'demo',
  FDS_AUTHORIZATION: 'loopback',
  FDS_RETRY_FIRST_SECONDS: '1',
});

const anyPorts = { blobPort: 0, queuePort: 0, tablePort: 0 };

/** The real app in the local host, a process of its own, with the stand-ins beside it. */
export async function startRunningApp(
  more: Readonly<Record<string, string>> = {},
  { ownStorage = false } = {},
): Promise<RunningApp> {
  const own = ownStorage ? await startStorage(anyPorts) : undefined;
  const storage = own ?? newStorageAccount();
  const [fhir, dataverse] = await Promise.all([
    startFhir({ port: 0 }),
    startDataverse({ extensions: [`${root}infra/dataverse/tables.json`] }),
  ]);
  const environment = settings({
    fhir: fhir.url,
    dataverse: dataverse.url,
    storage: storage.connectionString,
  });
  const start = () =>
    startApp(root, ['--open-functions', '--body-limit', String(bodyLimit)], {
      ...environment,
      ...more,
    });
  const host = await start();
  const call = caller(host.url);
  const endStorage = async () => own?.close();
  return {
    host,
    fhirUrl: fhir.url,
    dataverseUrl: dataverse.url,
    call,
    anotherHost: async () => {
      const other = await start();
      return { call: caller(other.url), stop: async () => void (await other.terminate()) };
    },
    deliver: (events, headers = {}) =>
      call('POST', eventGridPath(host), {
        body: typeof events === 'string' ? events : JSON.stringify(events),
        headers: { 'aeg-event-type': 'Notification', ...headers },
      }),
    put: async (resource) => {
      const { resourceType, id } = resource;
      const headers = { 'content-type': 'application/fhir+json' };
      const body = JSON.stringify(resource);
      const answer = await fetch(`${fhir.url}/${resourceType}/${id}`, {
        method: 'PUT',
        headers,
        body,
      });
      if (!answer.ok) throw new Error(`the FHIR stand-in answered ${answer.status}`);
    },
    rows: async (table) => {
      const answer = await fetch(`${dataverse.url}/api/data/v9.2/${table}`);
      return ((await answer.json()) as { value: readonly Json[] }).value;
    },
    settled: () =>
      eventually(async () => {
        const { body } = await call('GET', '/api/status');
        const status = body as unknown as Status;
        return status.idle ? status : undefined;
      }),
    endStorage,
    stop: async () => {
      await host.terminate();
      await Promise.all([fhir.close(), dataverse.close(), endStorage()]);
    },
  };
}

export const eventGridPath = ({ keys }: HostProcess, functionName = 'fhirEvents'): string =>
  `/runtime/webhooks/eventgrid?functionName=${functionName}&code=${keys.system}`;

function caller(url: string): RunningApp['call'] {
  return async (method, path, { body, headers } = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return {
      status: response.status,
      type: response.headers.get('content-type'),
      etag: response.headers.get('etag'),
      body: parse(text),
    };
  };
}

function parse(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

export interface EventOptions {
  readonly version?: number;
  readonly kind?: 'Created' | 'Updated' | 'Deleted';
  readonly eventId?: string;
}

/** An event of a FHIR service in the Event Grid schema. */
export function gridEvent(reference: string, options: EventOptions = {}) {
  const [resourceType, resourceFhirId] = reference.split('/');
  const { version = 1, kind = 'Created', eventId } = options;
  return {
    id: eventId ?? `${resourceType}-${resourceFhirId}-${version}`,
    topic: '/subscriptions/s/resourceGroups/g/providers/Microsoft.HealthcareApis/workspaces/w',
    subject: `w-fhir.fhir.azurehealthcareapis.com/${reference}`,
    eventType: `Microsoft.HealthcareApis.FhirResource${kind}`,
    eventTime: '2026-01-31T12:00:00.1234567Z',
    dataVersion: String(version),
    metadataVersion: '1',
    data: {
      resourceType,
      resourceFhirId,
      resourceFhirAccount: 'w-fhir.fhir.azurehealthcareapis.com',
      resourceVersionId: version,
    },
  };
}

/** The same in CloudEvents 1.0. */
export function cloudEvent(reference: string, options: EventOptions = {}) {
  const { id, topic, subject, eventType, eventTime, data } = gridEvent(reference, options);
  return {
    specversion: '1.0',
    id,
    source: topic,
    subject,
    type: eventType,
    time: eventTime,
    data,
  };
}

export const patient = (id: string, family = 'Test') => ({
  resourceType: 'Patient',
  id,
  name: [{ family, given: ['A'] }],
  gender: 'female',
});
