import { isInUse } from '../is-in-use.ts';
import type { MapPack, RootPlace } from '../map-pack.ts';
import type { MapStore } from './map-store.ts';
import { loadPinnedPack, pinPack } from './pinned-packs.ts';
import { recordedPlaces } from './row-places.ts';
import type { MapStorage } from './storage.ts';

/** Which pack work is done with, on this host. */
export interface PackSource {
  /**
   * The pack that new work begins with, pinned. An edit made on another host
   * shows within two seconds; with `fresh`, at once.
   * @throws AppError MAP_PACK_INVALID when stored edits do not fit the maps of this deployment
   */
  current(options?: { readonly fresh: boolean }): Promise<MapPack>;
  /**
   * The pack of this hash, whatever was edited since it was pinned, on whichever host.
   * @throws AppError MAP_PACK_UNKNOWN
   */
  pinned(hash: string): Promise<MapPack>;
  /** Where the maps of all packs that work ever began with put rows, in use now or not. */
  places(): Promise<readonly RootPlace[]>;
}

export interface PackSourceOptions {
  readonly storage: MapStorage;
  readonly store: MapStore;
  readonly fhirBaseUrl: string;
  /** Milliseconds of any clock that goes forward. */
  readonly clock: () => number;
}

/** How long the current pack is believed to be current, in milliseconds. */
const freshFor = 2_000;

/** Compiled packs that stay in memory: the current one and those that running work began with. */
const mostKept = 16;

export function createPackSource(options: PackSourceOptions): PackSource {
  const { storage, store, fhirBaseUrl, clock } = options;
  const packs = new Map<string, Promise<MapPack>>();
  const keep = (hash: string, pack: Promise<MapPack>) => {
    packs.delete(hash);
    packs.set(hash, pack);
    const [oldest] = packs.keys();
    if (packs.size > mostKept && oldest !== undefined) packs.delete(oldest);
    return pack;
  };
  const load = async (hash: string): Promise<MapPack> => {
    try {
      return await loadPinnedPack(storage, hash, { fhirBaseUrl });
    } catch (error) {
      packs.delete(hash);
      throw error;
    }
  };
  const pinned = (hash: string) => keep(hash, packs.get(hash) ?? load(hash));

  let latest: { readonly revision: number; readonly hash: string } | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<MapPack> | undefined;
  const look = async (): Promise<MapPack> => {
    const startedAt = clock();
    const revision = await store.revision();
    if (latest?.revision !== revision) {
      const files = await store.files();
      const roots = files.entities.map(({ content }) => content).filter(isInUse);
      const enabled = roots.map(({ name }) => name);
      const pack = await pinPack(storage, files, { enabled, fhirBaseUrl });
      await keep(pack.hash, Promise.resolve(pack));
      // A slower look that began before an edit must not win over the one after it.
      if (latest === undefined || latest.revision < revision) {
        latest = { revision, hash: pack.hash };
      }
    }
    lookedAt = Math.max(lookedAt, startedAt);
    return pinned(latest.hash);
  };
  const lookOnce = () => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  };
  return {
    pinned,
    places: () => recordedPlaces(storage),
    current: async ({ fresh } = { fresh: false }) => {
      if (fresh) return look();
      const stale = latest === undefined || clock() - lookedAt > freshFor;
      return stale || latest === undefined ? lookOnce() : pinned(latest.hash);
    },
  };
}
