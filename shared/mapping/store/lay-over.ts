import { AppError } from '../../errors.ts';
import { isInUse } from '../is-in-use.ts';
import type { ReadJson } from '../load-map-files.ts';
import type { MapFile, MapFiles } from '../map-files.ts';
import { isRecord } from '../record.ts';
import type { MapName } from './map-log.ts';

/** A map that stands in the place of the shipped one of its name, or beside the shipped ones. */
export interface Overlay extends MapName {
  readonly content: unknown;
}

const kinds = { entity: 'entities', expansion: 'expansions', values: 'values' } as const;

/**
 * The shipped maps as a pack puts them into use: its roots enabled, all other
 * roots disabled, whatever their files say (facts/healthcare-maps.md §9).
 */
export function enabledByPack(files: MapFiles, roots: readonly string[]): MapFiles {
  const entities = files.entities.map(({ file, content }) => {
    const disabled = !roots.includes(content.name);
    return { file, content: isInUse(content) === disabled ? { ...content, disabled } : content };
  });
  return { ...files, entities, packs: [] };
}

export function shippedMap(
  shipped: MapFiles,
  { kind, name }: MapName,
): MapFile<object> | undefined {
  const list: readonly MapFile<{ readonly name: string }>[] = shipped[kinds[kind]];
  return list.find(({ content }) => content.name === name);
}

/** The names of the shipped maps, by kind. */
export function shippedNames(shipped: MapFiles): readonly MapName[] {
  return (['entity', 'expansion', 'values'] as const).flatMap((kind) => {
    const list: readonly MapFile<{ readonly name: string }>[] = shipped[kinds[kind]];
    return list.map(({ content: { name } }) => ({ kind, name }));
  });
}

/** All maps as files for `parseMapFiles`; of overlays with one name the last one counts. */
export function layOver(shipped: MapFiles, overlays: readonly Overlay[]): readonly ReadJson[] {
  const byFile = new Map<string, unknown>();
  for (const { file, content } of shippedFiles(shipped)) byFile.set(file, content);
  for (const overlay of overlays) byFile.set(fileOf(shipped, overlay), overlay.content);
  return [...byFile].map(([file, json]) => ({ file, json }));
}

/** Where problems of a map are said to be. */
export function fileOf(shipped: MapFiles, { kind, name }: MapName): string {
  return (
    shippedMap(shipped, { kind, name })?.file ?? `${kind}/own/${encodeURIComponent(name)}.json`
  );
}

/**
 * Overlays that put these roots into use in place of the enabled roots of the same resource types.
 * @param files every map, laid over
 * @throws AppError NOT_FOUND
 */
export function inUseInstead(
  files: readonly ReadJson[],
  roots: readonly string[],
): readonly ReadJson[] {
  const entities = files.filter(({ file }) => file.startsWith('entity/'));
  const wanted = entities.flatMap(({ json }) =>
    isRecord(json) && roots.includes(String(json['name'])) ? [json] : [],
  );
  const names = wanted.map((json) => String(json['name']));
  const [unknown] = roots.filter((root) => !names.includes(root));
  if (unknown !== undefined) {
    throw new AppError('NOT_FOUND', `there is no entity map ${unknown} to enable`);
  }
  const resources = new Set(wanted.map((json) => json['resource']));
  return files.map(({ file, json }) => {
    if (!file.startsWith('entity/') || !isRecord(json)) return { file, json };
    if (wanted.includes(json)) return { file, json: { ...json, disabled: false, archived: false } };
    return { file, json: resources.has(json['resource']) ? { ...json, disabled: true } : json };
  });
}

function shippedFiles(shipped: MapFiles): readonly MapFile<object>[] {
  return [...shipped.entities, ...shipped.expansions, ...shipped.values, ...shipped.packs];
}
