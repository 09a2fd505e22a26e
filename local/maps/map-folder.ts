import { fileURLToPath } from 'node:url';
import { loadMapFiles, type MapFiles, packRoots } from '../../shared/mapping/index.ts';
import { MapToolError } from './map-tool-error.ts';

/** The maps that the project ships. */
export const shippedMaps = fileURLToPath(new URL('../../maps/', import.meta.url));

/** Options that every tool about a pack has. */
export const packOptions = {
  maps: { type: 'string', default: shippedMaps },
  pack: { type: 'string' },
} as const;

export interface ChosenPack {
  readonly files: MapFiles;
  /** Root maps of the pack; undefined: those in use. */
  readonly enabled: readonly string[] | undefined;
}

/** Reads the folder and finds the pack in it. */
export async function choosePack(values: {
  readonly maps: string;
  readonly pack?: string | undefined;
}): Promise<ChosenPack> {
  const files = await loadMapFiles(values.maps);
  if (values.pack === undefined) return { files, enabled: undefined };
  const enabled = packRoots(files, values.pack);
  if (enabled !== undefined) return { files, enabled };
  const known = files.packs.map(({ content }) => content.name).join(', ');
  throw new MapToolError(`There is no pack "${values.pack}"; the folder has: ${known}.`);
}
