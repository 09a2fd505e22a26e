import type { MigrationDependencies, MigrationEnd } from '../activities/migration/index.ts';
import {
  createBlobStore,
  createBulkExport,
  createBulkImport,
  createBundleImport,
  createExportFileReader,
  createSearchExport,
} from '../shared/bulk/index.ts';
import type { CommonConfig } from '../shared/config.ts';
import { createHttp, type HttpOptions } from '../shared/http/index.ts';
import { createTokenProvider } from '../shared/identity/index.ts';
import { createMigrationService, createMigrationStore } from '../shared/migration/index.ts';
import type { MigrationConfig, MigrationEndpoint } from '../shared/settings/index.ts';

const userAgent = 'fhir-dataverse-sync/0.1';

/** Export jobs need this long to show themselves in storage on Azure; on one machine they are there at once. */
const orphanSeconds = { azure: 180, local: 3 };

/** What the steps of a migration work with; undefined when no migration is set up. */
export function createMigrationDependencies(
  config: CommonConfig,
): MigrationDependencies | undefined {
  const { migration } = config;
  if (migration === undefined) return undefined;
  const blobs = openBlobs(config, migration);
  const endOf = (endpoint: MigrationEndpoint): MigrationEnd => {
    const http = httpOptions(config, endpoint, []);
    const files = httpOptions(config, endpoint, migration.fileOrigins);
    const send = createHttp(http);
    return {
      service: createMigrationService(endpoint.url, send),
      exporter: (dialect) => createBulkExport({ url: endpoint.url, send, dialect }),
      openFile: createExportFileReader({ store: blobs, http: files }),
      pages: createSearchExport({ url: endpoint.url, send }),
    };
  };
  const target = endOf(migration.target);
  const sendToTarget = createHttp(httpOptions(config, migration.target, []));
  return {
    store: createMigrationStore(config.storage),
    ends: { source: endOf(migration.source), target },
    importer: createBulkImport({ url: migration.target.url, send: sendToTarget }),
    bundles: createBundleImport({ url: migration.target.url, send: sendToTarget }),
    blobs,
    now: () => new Date(),
    orphanSeconds: config.authorization === 'loopback' ? orphanSeconds.local : orphanSeconds.azure,
    signingKey: migration.signingKey,
  };
}

function openBlobs(config: CommonConfig, { storage }: MigrationConfig) {
  if (!/^https?:/.test(storage)) return createBlobStore({ connectionString: storage });
  const token = createTokenProvider({
    mode: 'managed-identity',
    scope: 'https://storage.azure.com/.default',
    url: storage,
    ...config.credentials,
  });
  if (token === undefined) throw new TypeError('managed identity always has a token provider');
  return createBlobStore({ url: storage, token });
}

function httpOptions(
  config: CommonConfig,
  { url, auth }: MigrationEndpoint,
  origins: readonly string[],
): HttpOptions {
  const { origin } = new URL(url);
  const token = createTokenProvider({
    mode: auth,
    scope: `${origin}/.default`,
    url,
    ...config.credentials,
  });
  return { allowedOrigins: [origin, ...origins], userAgent, ...(token ? { token } : {}) };
}
