import type { HostDependencies } from '../activities/index.ts';
import type { Config } from '../shared/config.ts';
import { createDataverseClient } from '../shared/dataverse/index.ts';
import { AppError } from '../shared/errors.ts';
import { createFhirClient, createVersionCache } from '../shared/fhir/index.ts';
import { createHttp, type HttpSend } from '../shared/http/index.ts';
import { createTokenProvider } from '../shared/identity/index.ts';
import { createLedger, type Ledger, openTable } from '../shared/ledger/index.ts';
import {
  compilePack,
  createMapStore,
  createPackSource,
  enabledByPack,
  loadMapFiles,
  type MapFiles,
  type MapStore,
  type PackSource,
  packRoots,
} from '../shared/mapping/index.ts';
import { createRowDirectory } from '../shared/rows/index.ts';

const userAgent = 'fhir-dataverse-sync/0.1';

export interface AppDependencies {
  readonly ledger: Ledger;
  readonly maps: MapStore;
  readonly packs: PackSource;
  readonly activities: HostDependencies;
}

/**
 * Builds everything that the app works with from its settings. Maps are read and
 * checked here, so that a broken map file stops the start (file, pointer, remedy).
 * What admins made of them is read from storage when it is needed first.
 */
export async function createDependencies(config: Config): Promise<AppDependencies> {
  const files = await loadMapFiles(config.maps.folder);
  const shipped = enabledByPack(files, enabledRoots(files, config));
  compilePack(shipped);
  const ledger = createLedger(config.storage);
  const { maps, packs } = createMaps(config, shipped);
  const activities: HostDependencies = {
    ledger,
    packs,
    fhirUrl: config.fhir.url,
    fhir: createFhirClient({ url: config.fhir.url, send: sendTo(config, config.fhir) }),
    dataverse: createDataverseClient({
      url: config.dataverse.url,
      send: sendTo(config, config.dataverse),
      tag: 'fhir-dataverse-sync',
    }),
    versions: createVersionCache({ maxBytes: config.cacheBytes }),
    directory: createRowDirectory(),
    consent: {
      policy: config.consent,
      recipients: config.consent.recipients,
      purposes: config.consent.purposes,
    },
    deletePolicy: config.deletePolicy,
    withdrawPolicy: config.withdrawPolicy,
    now: () => new Date(),
  };
  return { ledger, maps, packs, activities };
}

function createMaps(
  { storage, fhir }: Config,
  shipped: MapFiles,
): Pick<AppDependencies, 'maps' | 'packs'> {
  const table = openTable(storage, 'fdsMaps');
  const maps = createMapStore({ storage: table, shipped, now: () => new Date() });
  const clock = () => performance.now();
  const packs = createPackSource({ storage: table, store: maps, fhirBaseUrl: fhir.url, clock });
  return { maps, packs };
}

/** The product ships every map disabled; a pack enables what belongs together (facts/healthcare-maps.md §9). */
function enabledRoots(files: MapFiles, { maps }: Config): readonly string[] {
  if (maps.pack === 'none') return [];
  const roots = packRoots(files, maps.pack);
  if (roots !== undefined) return roots;
  const known = files.packs.map(({ content }) => content.name).join(', ');
  throw new AppError(
    'CONFIG_INVALID',
    `FDS_MAP_PACK: there is no pack "${maps.pack}" in ${maps.folder}/packs. Use one of: ${known}, none.`,
  );
}

function sendTo(config: Config, { url, auth }: Config['fhir'] | Config['dataverse']): HttpSend {
  const { origin } = new URL(url);
  const scope = `${origin}/.default`;
  const token = createTokenProvider({ mode: auth, scope, url, ...config.credentials });
  return createHttp({ allowedOrigins: [origin], userAgent, ...(token ? { token } : {}) });
}
