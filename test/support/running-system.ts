import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import {
  type Activities,
  type ActivityDependencies,
  createActivities,
} from '../../activities/index.ts';
import { startDataverse } from '../../local/dataverse/index.ts';
import { startFhir } from '../../local/fhir/index.ts';
import { createDataverseClient, type DataverseClient } from '../../shared/dataverse/index.ts';
import { createFhirClient, createVersionCache } from '../../shared/fhir/index.ts';
import { createHttp } from '../../shared/http/index.ts';
import { createLedger } from '../../shared/ledger/index.ts';
import { compilePack, loadMapFiles, packRoots } from '../../shared/mapping/index.ts';
import { createRowDirectory } from '../../shared/rows/index.ts';
import { newStorageAccount } from './storage-account.ts';

const here = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export type Resource = Readonly<Record<string, unknown>> & {
  readonly resourceType: string;
  readonly id: string;
};

export interface DataverseWrite {
  readonly sequence: number;
  readonly table: string;
  readonly id: string;
  readonly kind: string;
  readonly columns: readonly string[];
  readonly agent: string;
}

const writesSchema = z.object({
  writes: z.array(
    z.object({
      sequence: z.number(),
      table: z.string(),
      id: z.string(),
      kind: z.string(),
      columns: z.array(z.string()),
      agent: z.string(),
    }),
  ),
  next: z.number(),
});

/** FHIR, Dataverse and storage as stand-ins in memory, and the activities over them. */
export interface RunningSystem {
  readonly fhirUrl: string;
  readonly storage: string;
  readonly deps: ActivityDependencies;
  readonly activities: PinnedActivities;
  /** Another person or program in Dataverse. */
  readonly person: DataverseClient;
  /** Another worker: nothing in memory, and what `changes` replaces. */
  worker(changes?: Partial<ActivityDependencies>): ActivityDependencies;
  /** Puts a resource; answers its new version. */
  put(resource: Resource): Promise<string>;
  remove(reference: string): Promise<void>;
  read(reference: string): Promise<string>;
  /** Scripts faults of Dataverse (`/_control/faults`). */
  dataverseFault(...rules: readonly object[]): Promise<void>;
  fhirFault(...rules: readonly object[]): Promise<void>;
  clearFaults(): Promise<void>;
  writesSince(sequence: number): Promise<readonly DataverseWrite[]>;
  lastWrite(): Promise<number>;
  close(): Promise<void>;
}

/** Activities of an orchestration that began with the pack at hand. */
export type PinnedActivities = {
  readonly [Name in keyof Activities]: (
    input: Omit<Parameters<Activities[Name]>[0], 'packHash'>,
  ) => ReturnType<Activities[Name]>;
};

/** The activities of one worker, as orchestrations that began with its pack call them. */
export function activitiesOf({ pack, places, ...deps }: ActivityDependencies): PinnedActivities {
  const activities = createActivities({ ...deps, packs: { pinned: async () => pack, places } });
  const entries = Object.entries(activities).map(([name, activity]) => [
    name,
    (input: object) => Reflect.apply(activity, undefined, [{ ...input, packHash: pack.hash }]),
  ]);
  return Object.fromEntries(entries);
}

export async function startSystem(): Promise<RunningSystem> {
  const storage = newStorageAccount();
  const [fhir, dataverse] = await Promise.all([
    startFhir({ port: 0 }),
    startDataverse({ extensions: [here('infra/dataverse/tables.json')] }),
  ]);
  const files = await loadMapFiles(here('maps'));
  const pack = compilePack(files, {
    enabled: packRoots(files, 'demo') ?? [],
    fhirBaseUrl: fhir.url,
  });
  const retry = { attempts: 2, maxWaitSeconds: 0.1 };
  const sendTo = (url: string, userAgent: string) =>
    createHttp({ allowedOrigins: [url], userAgent, retry });
  const dataverseUrl = `${dataverse.url}/api/data/v9.2`;
  const worker = (changes: Partial<ActivityDependencies> = {}): ActivityDependencies => ({
    fhir: createFhirClient({ url: fhir.url, send: sendTo(fhir.url, 'fhir-dataverse-sync/test') }),
    fhirUrl: fhir.url,
    versions: createVersionCache({ maxBytes: 10_000_000 }),
    dataverse: createDataverseClient({
      url: dataverseUrl,
      send: sendTo(dataverse.url, 'fhir-dataverse-sync/test'),
    }),
    pack,
    places: async () => [...pack.roots.values()],
    directory: createRowDirectory(),
    ledger: createLedger(storage.connectionString),
    consent: {
      policy: {
        defaultDecision: 'permit',
        scopes: ['patient-privacy'],
        categories: [],
        conflict: 'deny-overrides',
      },
      recipients: [],
      purposes: ['TREAT'],
    },
    deletePolicy: 'delete',
    withdrawPolicy: 'delete',
    now: () => new Date(),
    ...changes,
  });
  const control = async (url: string, method: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(url, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    const text = await answer.text();
    return text === '' ? undefined : JSON.parse(text);
  };
  const writes = async (since: number) =>
    writesSchema.parse(await control(`${dataverse.url}/_control/writes?since=${since}`, 'GET'));
  const deps = worker();
  return {
    fhirUrl: fhir.url,
    storage: storage.connectionString,
    deps,
    activities: activitiesOf(deps),
    person: createDataverseClient({ url: dataverseUrl, send: sendTo(dataverse.url, 'person/1') }),
    worker,
    put: async (resource) => {
      const { resourceType, id } = resource;
      const url = `${fhir.url}/${resourceType}/${id}`;
      const stored = z
        .object({ meta: z.object({ versionId: z.string() }) })
        .parse(await control(url, 'PUT', resource));
      return stored.meta.versionId;
    },
    remove: async (reference) => {
      await control(`${fhir.url}/${reference}`, 'DELETE');
    },
    read: async (reference) => (await fetch(`${fhir.url}/${reference}`)).text(),
    dataverseFault: async (...rules) => {
      await control(`${dataverse.url}/_control/faults`, 'POST', rules);
    },
    fhirFault: async (...rules) => {
      await control(`${fhir.url}/_control/faults`, 'POST', rules);
    },
    clearFaults: async () => {
      await control(`${dataverse.url}/_control/faults`, 'DELETE');
      await control(`${fhir.url}/_control/faults`, 'DELETE');
    },
    writesSince: async (since) => (await writes(since)).writes,
    lastWrite: async () => {
      const status = await control(`${dataverse.url}/_control/status`, 'GET');
      return z.object({ lastSequence: z.number() }).parse(status).lastSequence;
    },
    close: async () => {
      await Promise.all([fhir.close(), dataverse.close()]);
    },
  };
}
