import type { EntityMapFile, ExpansionMapFile } from './map-language.ts';

/** Neither disabled nor archived. */
export function isInUse(map: EntityMapFile | ExpansionMapFile): boolean {
  return map.disabled !== true && map.archived !== true;
}
