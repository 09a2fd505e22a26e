import type { MapFile } from './map-files.ts';
import type { EntityMapFile, ExpansionMapFile } from './map-language.ts';

/** Names of the expansion maps that a map hands items to itself. */
export function expansionNames(map: EntityMapFile | ExpansionMapFile): readonly string[] {
  const attributes: EntityMapFile['attributes'] = map.attributes;
  return attributes.flatMap((attribute) =>
    attribute.action === 'Expand' && attribute.disabled !== true ? [attribute.expansion] : [],
  );
}

/** Every expansion map below a map, each once, also those below another and those that are disabled. */
export function expansionsBelow(
  map: EntityMapFile | ExpansionMapFile,
  files: readonly MapFile<ExpansionMapFile>[],
): readonly MapFile<ExpansionMapFile>[] {
  const found = new Set<MapFile<ExpansionMapFile>>();
  const visit = (parent: EntityMapFile | ExpansionMapFile): void => {
    const names = expansionNames(parent);
    for (const file of files) {
      if (!names.includes(file.content.name) || found.has(file)) continue;
      found.add(file);
      visit(file.content);
    }
  };
  visit(map);
  return [...found];
}
