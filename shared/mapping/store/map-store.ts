import { AppError } from '../../errors.ts';
import { parseMapFiles } from '../load-map-files.ts';
import type { MapFiles } from '../map-files.ts';
import { inUseInstead, layOver, type Overlay } from './lay-over.ts';
import {
  checkExpectation,
  copyOf,
  type Decide,
  type Editor,
  edit,
  flag,
  importOf,
  rollbackTo,
} from './map-editing.ts';
import { createMapLog, type MapLog, type MapName, type MapVersion } from './map-log.ts';
import {
  currentMap,
  findMap,
  historyOf,
  type MapState,
  mapStateReader,
  mapVersion,
  nameOf,
  namesIn,
} from './map-state.ts';
import { type ExpansionState, expansionsOf, type MapStatus, statusOf } from './map-status.ts';
import type { MapStorage } from './storage.ts';

export interface MapStoreOptions {
  readonly storage: MapStorage;
  /**
   * The maps that the product ships, in the state that the settings give them
   * (`enabledByPack`); they are never changed, only covered by later versions.
   */
  readonly shipped: MapFiles;
  readonly now: () => Date;
}

/** Maps that are being written, to be tried before they are kept. */
export interface Trial {
  readonly drafts: readonly Overlay[];
  /** Root maps to put into use, in place of the enabled roots of the same resource types. */
  readonly enable: readonly string[];
}

export interface MapReading {
  /** How many changes were made to the maps; while it is the same, `files` answers the same. */
  revision(): Promise<number>;
  list(): Promise<readonly MapStatus[]>;
  /** The shipped maps with the latest version of every changed one laid over them, checked together. */
  files(): Promise<MapFiles>;
  /** The same with drafts laid over them; nothing is kept. */
  filesWith(trial: Trial): Promise<MapFiles>;
  /** The latest version of a map, or an earlier one. */
  get(map: MapName, version?: number): Promise<MapVersion>;
  status(map: MapName): Promise<MapStatus>;
  /** Shipped state first (version 0), then every change with its author. */
  history(map: MapName): Promise<readonly MapVersion[]>;
  /** The expansions of a map, nested ones too, each with its state. */
  expansions(map: MapName): Promise<readonly ExpansionState[]>;
}

export interface MapEditing {
  save(map: MapName, content: unknown, by: Editor): Promise<MapVersion>;
  /** Saves what another system exported; a map that is there keeps its state, a new one is disabled. */
  saveImported(map: MapName, content: unknown, by: Editor): Promise<MapVersion>;
  /** A new map of another name, disabled. */
  copy(map: MapName, name: string, by: Editor): Promise<MapVersion>;
  enable(map: MapName, by: Editor): Promise<MapVersion>;
  disable(map: MapName, by: Editor): Promise<MapVersion>;
  archive(map: MapName, by: Editor): Promise<MapVersion>;
  restore(map: MapName, by: Editor): Promise<MapVersion>;
  /** Makes an earlier version (0: as shipped) the latest one again. */
  rollback(map: MapName, version: number, by: Editor): Promise<MapVersion>;
}

export interface MapStore extends MapReading, MapEditing {}

/**
 * Shipped maps and what admins made of them. Every change is a new version with
 * author and time; it is checked together with all other maps, as they are at
 * that moment, before it is kept: of two changes that do not fit together, the
 * second is refused.
 */
export function createMapStore({ storage, shipped, now }: MapStoreOptions): MapStore {
  const log = createMapLog(storage);
  const load = mapStateReader(shipped, log);
  return { ...reading(log, load), ...editing({ log, load, now }) };
}

type Load = () => Promise<MapState>;

function reading(log: MapLog, load: Load): MapReading {
  const statusIn = (state: MapState, map: MapName) =>
    statusOf(state.shipped, currentMap(state, map));
  return {
    revision: async () => (await log.entries()).length,
    list: async () => {
      const state = await load();
      return namesIn(state).map((map) => statusIn(state, map));
    },
    files: async () => {
      const { shipped, latest } = await load();
      return parseMapFiles(layOver(shipped, latest));
    },
    filesWith: async ({ drafts, enable }) => {
      const { shipped, latest } = await load();
      return parseMapFiles(inUseInstead(layOver(shipped, [...latest, ...drafts]), enable));
    },
    get: async (map, version) => {
      const state = await load();
      return version === undefined ? currentMap(state, map) : mapVersion(state, map, version);
    },
    status: async (map) => statusIn(await load(), map),
    history: async (map) => historyOf(await load(), map),
    expansions: async (map) => {
      const state = await load();
      return expansionsOf(
        currentMap(state, map).content,
        (name) => findMap(state, { kind: 'expansion', name })?.content,
      );
    },
  };
}

interface Edited {
  readonly log: MapLog;
  readonly load: Load;
  readonly now: () => Date;
}

function editing(store: Edited): MapEditing {
  const change = (map: MapName, by: Editor, decide: Decide) =>
    changeMap(store, { map, by, decide });
  return {
    save: (map, content, by) => change(map, by, edit(map, content)),
    saveImported: (map, content, by) => change(map, by, importOf(map, content)),
    copy: (map, name, { author }) =>
      change({ kind: map.kind, name }, { author, expects: 'none' }, copyOf(map, name)),
    enable: (map, by) => change(map, by, flag(map, 'enable')),
    disable: (map, by) => change(map, by, flag(map, 'disable')),
    archive: (map, by) => change(map, by, flag(map, 'archive')),
    restore: (map, by) => change(map, by, flag(map, 'restore')),
    rollback: (map, version, by) => change(map, by, rollbackTo(map, version)),
  };
}

/** Times that an edit is decided again because other maps were changed meanwhile. */
const attempts = 10;

async function changeMap(
  { log, load, now }: Edited,
  { map, by, decide }: { readonly map: MapName; readonly by: Editor; readonly decide: Decide },
): Promise<MapVersion> {
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const state = await load();
    checkExpectation(state, map, by);
    const decided = await decide(state);
    const version = (findMap(state, map)?.version ?? 0) + 1;
    const { author } = by;
    const saved = { ...nameOf(map), ...decided, version, author, savedAt: now().toISOString() };
    parseMapFiles(layOver(state.shipped, [...state.latest, saved]));
    if ((await log.append(state.entries.length, saved)) === 'appended') return saved;
  }
  throw new AppError('CONFLICT', 'others keep changing maps at this moment; try again');
}
