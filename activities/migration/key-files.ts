import { AppError } from '../../shared/errors.ts';
import {
  type ChunkRecord,
  inside,
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

export interface KeysOfChunk {
  readonly chunk: ChunkRecord;
  readonly keys: Iterable<VersionKey>;
}

/** Files that are fetched while another is looked at; each of a chunk, so a few megabytes. */
const mostAhead = 4;

/** The keys of all chunks of a window, chunk after chunk. */
export async function* keysByChunk(
  deps: MigrationDependencies,
  place: WindowPlace,
): AsyncGenerator<KeysOfChunk> {
  const chunks = deps.store.chunks.each(inside(place.migrationId, windowName(place.window)));
  const begun: Promise<KeysOfChunk>[] = [];
  for await (const chunk of chunks) {
    const fetched = keysOfChunk(deps, place, chunk);
    // It is awaited below, unless one before it fails.
    fetched.catch(() => undefined);
    begun.push(fetched);
    const first = begun.length > mostAhead ? begun.shift() : undefined;
    if (first !== undefined) yield await first;
  }
  for (const fetched of begun) yield await fetched;
}

/** A chunk without versions that `$import` orders has no file. */
async function keysOfChunk(
  deps: MigrationDependencies,
  { migrationId, window }: WindowPlace,
  chunk: ChunkRecord,
): Promise<KeysOfChunk> {
  const name = nameOf({ window, chunk: chunk.number });
  const url = deps.blobs.urlOf(stagingContainer(migrationId), name);
  const bytes = await wholeBlobIfThere(deps, url);
  return { chunk, keys: bytes === undefined ? [] : readVersionKeys(bytes) };
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

/** Undefined when it does not exist. */
export async function wholeBlobIfThere(
  deps: MigrationDependencies,
  url: string,
): Promise<Buffer | undefined> {
  try {
    return await wholeBlob(deps, url);
  } catch (error) {
    if (error instanceof AppError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

/** A blob of keys, which fits in memory. */
export async function wholeBlob({ blobs }: MigrationDependencies, url: string): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of blobs.read(url)) parts.push(part);
  return Buffer.concat(parts);
}
