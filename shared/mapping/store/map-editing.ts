import { AppError } from '../../errors.ts';
import { isRecord } from '../record.ts';
import type { MapName, MapVersion } from './map-log.ts';
import { currentMap, findMap, type MapState, mapVersion } from './map-state.ts';

/** Who changes a map, and on what knowledge. */
export interface Editor {
  readonly author: string;
  /** The version that was read before; `none`: there must be no such map yet. */
  readonly expects?: number | 'none';
}

/** What a change makes of a map, decided on what all maps are at that moment. */
export type Decide = (
  state: MapState,
) => Promise<Pick<MapVersion, 'change' | 'content'>> | Pick<MapVersion, 'change' | 'content'>;

export const edit =
  (map: MapName, content: unknown): Decide =>
  () => ({ change: 'edit', content: { ...asMap(content), name: checkedName(map.name) } });

/** What another system exported; a map that is there keeps its state, a new one is disabled. */
export const importOf =
  (map: MapName, content: unknown): Decide =>
  (state) => ({
    change: 'import',
    content: {
      ...asMap(content),
      name: checkedName(map.name),
      ...stateLike(map, findMap(state, map)),
    },
  });

export const copyOf =
  (map: MapName, name: string): Decide =>
  (state) => ({
    change: 'copy',
    content: {
      ...asMap(currentMap(state, map).content),
      name: checkedName(name),
      ...stateLike(map, undefined),
    },
  });

export const rollbackTo =
  (map: MapName, version: number): Decide =>
  async (state) => ({
    change: 'rollback',
    content: (await mapVersion(state, map, version)).content,
  });

const flags = {
  enable: { disabled: false, archived: false },
  disable: { disabled: true },
  archive: { disabled: true, archived: true },
  restore: { archived: false },
} as const;

export const flag =
  (map: MapName, change: keyof typeof flags): Decide =>
  (state) => {
    const { content } = currentMap(state, map);
    if (map.kind !== 'values') return { change, content: { ...asMap(content), ...flags[change] } };
    throw new AppError(
      'INPUT_INVALID',
      'a value map is in use where an attribute names it; it is neither enabled nor archived by itself',
    );
  };

/** @throws AppError PRECONDITION_FAILED, CONFLICT when the map is not what the editor knew */
export function checkExpectation(state: MapState, map: MapName, { expects }: Editor): void {
  if (expects === undefined) return;
  if (expects === 'none') {
    if (findMap(state, map) === undefined) return;
    throw new AppError(
      'CONFLICT',
      `there is a ${map.kind} map ${map.name} already; choose another name`,
    );
  }
  const { version } = currentMap(state, map);
  if (version === expects) return;
  throw new AppError(
    'PRECONDITION_FAILED',
    `${map.kind} map ${map.name} has version ${version} by now, not ${expects}; read it and edit again`,
  );
}

function asMap(content: unknown): Readonly<Record<string, unknown>> {
  if (isRecord(content)) return content;
  throw new AppError('INPUT_INVALID', 'a map is a JSON object; see docs/maps.md');
}

/** Names stand in URLs and in the places of problems. */
function checkedName(name: string): string {
  const isWritable = /^[^\p{C}/\\?#%]{1,100}$/u.test(name) && !/^\.+$/.test(name);
  if (isWritable && name.trim() === name) return name;
  throw new AppError(
    'INPUT_INVALID',
    'a map name has 1 to 100 characters, none of / \\ ? # %, and no space at its ends',
  );
}

/** The state of the map that is replaced; a new one is disabled until somebody enables it. */
function stateLike({ kind }: MapName, replaced: MapVersion | undefined): object {
  if (kind === 'values') return {};
  if (replaced === undefined) return { disabled: true };
  const { disabled, archived } = asMap(replaced.content);
  return { disabled: disabled === true, ...(archived === true ? { archived } : {}) };
}
