import { AppError } from '../../errors.ts';
import { isInUse } from '../check-map-files.ts';
import { parseMapFiles } from '../load-map-files.ts';
import type { MapFile, MapFiles } from '../map-files.ts';
import { isRecord } from '../record.ts';
import type { MapStorage } from './storage.ts';
import { changedMaps, type MapName, type MapVersion, saveVersion, versionsOf } from './versions.ts';

export interface MapStoreOptions {
  readonly storage: MapStorage;
  /** The maps that the product ships; they are never changed, only covered by later versions. */
  readonly shipped: MapFiles;
  readonly now: () => Date;
}

/** A map as an admin sees it. */
export interface MapStatus extends MapName {
  readonly shipped: boolean;
  /** 0 while nobody changed the shipped map. */
  readonly version: number;
  readonly enabled: boolean;
  readonly archived: boolean;
}

/** What enabling a root leaves to decide: its expansions that are still off. */
export interface EnabledMap {
  readonly version: MapVersion;
  readonly disabledExpansions: readonly string[];
}

export interface MapStore {
  list(): Promise<readonly MapStatus[]>;
  /** The shipped maps with the latest version of every changed one laid over them, checked together. */
  files(): Promise<MapFiles>;
  /**
   * The root maps in use: those of the pack that the settings name, except where
   * an admin has decided otherwise. For `compilePack(files, { enabled })`.
   */
  enabledRoots(pack: readonly string[]): Promise<readonly string[]>;
  /** Shipped state first (version 0), then every change with its author. */
  history(map: MapName): Promise<readonly MapVersion[]>;
  save(map: MapName, content: unknown, author: string): Promise<MapVersion>;
  copy(map: MapName, name: string, author: string): Promise<MapVersion>;
  enable(map: MapName, author: string): Promise<EnabledMap>;
  disable(map: MapName, author: string): Promise<MapVersion>;
  archive(map: MapName, author: string): Promise<MapVersion>;
  restore(map: MapName, author: string): Promise<MapVersion>;
  /** Makes an earlier version (0: as shipped) the latest one again. */
  rollback(map: MapName, version: number, author: string): Promise<MapVersion>;
}

/**
 * Shipped maps and what admins made of them. Every change is a new version with
 * author and time; it is checked together with all other maps before it is kept.
 */
export function createMapStore(options: MapStoreOptions): MapStore {
  const { storage } = options;
  const current = async (map: MapName): Promise<MapVersion> => {
    const latest = (await historyOf(options, map)).at(-1);
    if (latest !== undefined) return latest;
    throw new AppError('NOT_FOUND', `there is no ${map.kind} map ${map.name}`);
  };
  const change = async (
    map: MapName,
    next: Pick<MapVersion, 'author' | 'change' | 'content'>,
  ): Promise<MapVersion> => {
    const history = await historyOf(options, map);
    const version = (history.at(-1)?.version ?? 0) + 1;
    const saved = { ...map, ...next, version, savedAt: options.now().toISOString() };
    parseMapFiles(filesWith(options.shipped, [...(await latestOf(storage)), saved]));
    await saveVersion(storage, saved);
    return saved;
  };
  const flag = async (
    map: MapName,
    flags: { readonly disabled?: boolean; readonly archived?: boolean },
    as: Pick<MapVersion, 'author' | 'change'>,
  ): Promise<MapVersion> => {
    const { content } = await current(map);
    return change(map, { ...as, content: { ...asRecord(content), ...flags } });
  };
  const files = async () => parseMapFiles(filesWith(options.shipped, await latestOf(storage)));
  return {
    list: async () => statuses(options, await latestOf(storage)),
    files,
    enabledRoots: async (pack) => enabledRoots(await files(), await latestOf(storage), pack),
    history: (map) => historyOf(options, map),
    save: async (map, content, author) => {
      const named = { ...asRecord(content), name: map.name };
      return change(map, { author, change: 'edit', content: named });
    },
    copy: async (map, name, author) => {
      const { content } = await current(map);
      const taken = await historyOf(options, { kind: map.kind, name });
      if (taken.length > 0) {
        throw new AppError(
          'CONFLICT',
          `there is a ${map.kind} map ${name} already; choose another name`,
        );
      }
      const copied = {
        ...asRecord(content),
        name,
        ...(map.kind === 'values' ? {} : { disabled: true }),
      };
      return change({ kind: map.kind, name }, { author, change: 'copy', content: copied });
    },
    enable: async (map, author) => {
      const version = await flag(
        map,
        { disabled: false, archived: false },
        { author, change: 'enable' },
      );
      return { version, disabledExpansions: disabledExpansions(version, await files()) };
    },
    disable: (map, author) => flag(map, { disabled: true }, { author, change: 'disable' }),
    archive: (map, author) =>
      flag(map, { disabled: true, archived: true }, { author, change: 'archive' }),
    restore: (map, author) => flag(map, { archived: false }, { author, change: 'restore' }),
    rollback: async (map, version, author) => {
      const earlier = (await historyOf(options, map)).find((one) => one.version === version);
      if (earlier !== undefined)
        return change(map, { author, change: 'rollback', content: earlier.content });
      throw new AppError('NOT_FOUND', `${map.kind} map ${map.name} has no version ${version}`);
    },
  };
}

function enabledRoots(
  files: MapFiles,
  changed: readonly MapVersion[],
  pack: readonly string[],
): readonly string[] {
  const decided = new Set(changed.flatMap(({ kind, name }) => (kind === 'entity' ? [name] : [])));
  return files.entities
    .map(({ content }) => content)
    .filter((root) => (decided.has(root.name) ? isInUse(root) : pack.includes(root.name)))
    .map(({ name }) => name);
}

function asRecord(content: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(content)) return content;
  throw new AppError('INPUT_INVALID', 'a map is a JSON object; see docs/maps.md');
}

async function historyOf(
  { storage, shipped }: MapStoreOptions,
  map: MapName,
): Promise<readonly MapVersion[]> {
  const original = shippedMap(shipped, map);
  const first: readonly MapVersion[] =
    original === undefined
      ? []
      : [
          {
            ...map,
            version: 0,
            author: 'shipped',
            savedAt: '',
            change: 'edit',
            content: original.content,
          },
        ];
  return [...first, ...(await versionsOf(storage, map))];
}

async function latestOf(storage: MapStorage): Promise<readonly MapVersion[]> {
  const histories = await Promise.all(
    (await changedMaps(storage)).map((map) => versionsOf(storage, map)),
  );
  return histories.flatMap((history) => history.slice(-1));
}

const kinds = { entity: 'entities', expansion: 'expansions', values: 'values' } as const;

function shippedMap(shipped: MapFiles, { kind, name }: MapName): MapFile<unknown> | undefined {
  const list: readonly MapFile<{ readonly name: string }>[] = shipped[kinds[kind]];
  return list.find(({ content }) => content.name === name);
}

/** All maps as files: a changed map stands in the place of the shipped one of its name. */
function filesWith(
  shipped: MapFiles,
  changed: readonly MapVersion[],
): readonly { readonly file: string; readonly json: unknown }[] {
  const byFile = new Map<string, unknown>();
  for (const kind of ['entities', 'expansions', 'values', 'packs'] as const) {
    for (const { file, content } of shipped[kind]) byFile.set(file, content);
  }
  for (const { kind, name, content } of changed) {
    const file =
      shippedMap(shipped, { kind, name })?.file ?? `${kind}/${encodeURIComponent(name)}.json`;
    byFile.set(file, content);
  }
  return [...byFile].map(([file, json]) => ({ file, json }));
}

function statuses(
  { shipped }: MapStoreOptions,
  changed: readonly MapVersion[],
): readonly MapStatus[] {
  const files = parseMapFiles(filesWith(shipped, changed));
  return (['entity', 'expansion', 'values'] as const).flatMap((kind) => {
    const list: readonly MapFile<{
      name: string;
      disabled?: boolean | undefined;
      archived?: boolean | undefined;
    }>[] = files[kinds[kind]];
    return list.map(({ content: { name, disabled, archived } }) => ({
      ...{ kind, name, archived: archived === true },
      enabled: disabled !== true && archived !== true,
      shipped: shippedMap(shipped, { kind, name }) !== undefined,
      version: changed.find((one) => one.kind === kind && one.name === name)?.version ?? 0,
    }));
  });
}

function disabledExpansions({ kind, name }: MapName, files: MapFiles): readonly string[] {
  const root =
    kind === 'entity' ? files.entities.find(({ content }) => content.name === name) : undefined;
  const used = root?.content.attributes.flatMap((attribute) =>
    attribute.action === 'Expand' ? [attribute.expansion] : [],
  );
  return files.expansions
    .map(({ content }) => content)
    .filter((content) => used?.includes(content.name) && !isInUse(content))
    .map((content) => content.name);
}
