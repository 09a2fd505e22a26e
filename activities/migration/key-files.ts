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

const nameOf = ({ window, chunk }: Omit<ChunkPlace, 'migrationId'>): string =>
  `${windowName(window)}/keys/${numbered(chunk)}.bin`;

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
  { blobs }: MigrationDependencies,
  place: ChunkPlace,
): AsyncGenerator<Iterable<VersionKey>> {
  const url = blobs.urlOf(stagingContainer(place.migrationId), nameOf(place));
  if ((await blobs.find(url)) === undefined) return;
  const parts: Buffer[] = [];
  for await (const part of blobs.read(url)) parts.push(part);
  yield readVersionKeys(Buffer.concat(parts));
}
