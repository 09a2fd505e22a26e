import type { EntityMapFile, ExpansionMapFile, PackFile, ValueMapFile } from './map-language.ts';

/** A parsed file and where it came from, so that every complaint can name it. */
export interface MapFile<T> {
  readonly file: string;
  readonly content: T;
}

/** Every map file of a folder, each valid by itself. */
export interface MapFiles {
  readonly entities: readonly MapFile<EntityMapFile>[];
  readonly expansions: readonly MapFile<ExpansionMapFile>[];
  readonly values: readonly MapFile<ValueMapFile>[];
  readonly packs: readonly MapFile<PackFile>[];
}

/** The root maps that a pack file enables, for `compilePack(files, { enabled })`. */
export function packRoots(files: MapFiles, pack: string): readonly string[] | undefined {
  return files.packs.find(({ content }) => content.name === pack)?.content.enabled;
}
