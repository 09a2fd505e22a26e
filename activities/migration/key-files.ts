import {
  numbered,
  readVersionKeys,
  type VersionKey,
  type VersionKeyWriter,
  windowName,
} from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { stagingContainer } from './overlap.ts';
import type { WindowPlace } from './window-mends.ts';

interface ChunkPlace extends WindowPlace {
  readonly chunk: number;
}

const folderOf = (window: number): string => `${windowName(window)}/keys/`;
const nameOf = ({ window, chunk }: Omit<ChunkPlace, 'migrationId'>): string =>
  `${folderOf(window)}${numbered(chunk)}.bin`;

/** Keeps what the inspection of a window needs to know of the versions of a chunk. */
export async function keepVersionKeys(
  { blobs }: MigrationDependencies,
  place: ChunkPlace,
  keys: VersionKeyWriter,
): Promise<void> {
  if (keys.count === 0) return;
  await blobs.write(stagingContainer(place.migrationId), nameOf(place), keys.bytes());
}

export async function* versionKeysOf(
  deps: MigrationDependencies,
  place: ChunkPlace,
): AsyncGenerator<Iterable<VersionKey>> {
  const url = deps.blobs.urlOf(stagingContainer(place.migrationId), nameOf(place));
  if ((await deps.blobs.find(url)) !== undefined) yield readVersionKeys(await wholeBlob(deps, url));
}

/** The keys of all chunks of a window, and of those of a window that repairs. */
export async function* keysOfWindow(
  deps: MigrationDependencies,
  { migrationId, window }: WindowPlace,
): AsyncGenerator<Iterable<VersionKey>> {
  for await (const { url } of deps.blobs.list(stagingContainer(migrationId), folderOf(window))) {
    yield readVersionKeys(await wholeBlob(deps, url));
  }
}

/** A blob of keys, which fits in memory. */
export async function wholeBlob({ blobs }: MigrationDependencies, url: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of blobs.read(url)) parts.push(part);
  return Buffer.concat(parts);
}
