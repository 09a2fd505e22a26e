import { AppError } from '../../errors.ts';
import type { MapFiles } from '../map-files.ts';
import { shippedMap, shippedNames } from './lay-over.ts';
import type { LoggedChange, MapLog, MapName, MapVersion } from './map-log.ts';

/** What all maps are at one revision. */
export interface MapState {
  readonly shipped: MapFiles;
  readonly log: MapLog;
  readonly entries: readonly LoggedChange[];
  /** Of each changed map its latest version. */
  readonly latest: readonly MapVersion[];
}

/** Reads the latest versions; those of an earlier reading are kept. */
export function mapStateReader(shipped: MapFiles, log: MapLog): () => Promise<MapState> {
  let kept: MapState = { shipped, log, entries: [], latest: [] };
  return async () => {
    const entries = await log.entries();
    if (entries.length <= kept.entries.length) return kept;
    const newest = new Map(entries.map((entry) => [keyOf(entry), entry]));
    const known = new Map(kept.latest.map((version) => [keyOf(version), version]));
    const latest = await Promise.all(
      [...newest].map(async ([key, entry]) => {
        const before = known.get(key);
        return before?.version === entry.version ? before : versionOf(log, entry);
      }),
    );
    const state = { shipped, log, entries, latest };
    if (entries.length > kept.entries.length) kept = state;
    return state;
  };
}

/** Every map there is, shipped ones first. */
export function namesIn({ shipped, latest }: MapState): readonly MapName[] {
  const names = [...shippedNames(shipped), ...latest.map(nameOf)];
  return [...new Map(names.map((map) => [keyOf(map), map])).values()];
}

/** The latest version of a map; undefined when there is no such map. */
export function findMap({ shipped, latest }: MapState, map: MapName): MapVersion | undefined {
  const changed = latest.find((version) => keyOf(version) === keyOf(map));
  return changed ?? shippedVersion(shipped, map);
}

/** @throws AppError NOT_FOUND */
export function currentMap(state: MapState, map: MapName): MapVersion {
  const current = findMap(state, map);
  if (current !== undefined) return current;
  throw new AppError('NOT_FOUND', `there is no ${map.kind} map ${map.name}`);
}

/** Shipped state first (version 0), then every change. */
export async function historyOf(state: MapState, map: MapName): Promise<readonly MapVersion[]> {
  currentMap(state, map);
  const own = state.entries.filter((entry) => keyOf(entry) === keyOf(map));
  const first = shippedVersion(state.shipped, map);
  const later = await Promise.all(own.map((entry) => versionOf(state.log, entry)));
  return first === undefined ? later : [first, ...later];
}

/** @throws AppError NOT_FOUND */
export async function mapVersion(
  state: MapState,
  map: MapName,
  version: number,
): Promise<MapVersion> {
  const current = currentMap(state, map);
  if (current.version === version) return current;
  const own = state.entries.filter((entry) => keyOf(entry) === keyOf(map));
  const entry = own.find((one) => one.version === version);
  if (entry !== undefined) return versionOf(state.log, entry);
  const first = version === 0 ? shippedVersion(state.shipped, map) : undefined;
  if (first !== undefined) return first;
  throw new AppError('NOT_FOUND', `${map.kind} map ${map.name} has no version ${version}`);
}

export const nameOf = ({ kind, name }: MapName): MapName => ({ kind, name });

const keyOf = ({ kind, name }: MapName): string => `${kind} ${name}`;

function shippedVersion(shipped: MapFiles, map: MapName): MapVersion | undefined {
  const original = shippedMap(shipped, map);
  if (original === undefined) return undefined;
  const { content } = original;
  return { ...nameOf(map), version: 0, author: 'shipped', savedAt: '', change: 'edit', content };
}

const versionOf = async (log: MapLog, entry: LoggedChange): Promise<MapVersion> => ({
  ...entry,
  content: await log.content(entry),
});
