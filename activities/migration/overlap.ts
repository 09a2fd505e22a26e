import { ndjsonLines } from '../../shared/bulk/index.ts';
import { moved, windowName } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { Version } from './judge-line.ts';

/** A window whose last stretch is read again by the next one. */
export interface OverlapPlace {
  readonly migrationId: string;
  readonly window: number;
  readonly type: string;
}

export const stagingContainer = (migrationId: string): string => `fds-${migrationId}-staging`;

/** More keys than this are not kept; their second coming counts as loaded. */
const mostKeys = 500_000;

export const versionKey = ({ resourceType, id, versionId, lastUpdated }: Version): string =>
  `${resourceType}/${id}/${versionId ?? lastUpdated ?? ''}`;

/**
 * The versions of the last stretch of a window, which the next window exports again because writes
 * near the boundary may have become readable late. So the next one can tell what it brings again
 * from what is new.
 */
export class OverlapKeys {
  /** Versions that are as late, or later, are taken. */
  readonly from: string;
  readonly #keys: string[] = [];

  /** @param overlapSeconds how far the next window reaches back */
  constructor(till: string, overlapSeconds: number) {
    this.from = moved(till, -overlapSeconds);
  }

  add(version: Version): void {
    if (this.#keys.length >= mostKeys || version.lastUpdated === null) return;
    if (version.lastUpdated >= this.from) this.#keys.push(versionKey(version));
  }

  get keys(): readonly string[] {
    return this.#keys;
  }

  /** Takes what another one of the same window has. */
  addAll(keys: readonly string[]): void {
    const room = Math.max(0, mostKeys - this.#keys.length);
    for (const key of keys.slice(0, room)) this.#keys.push(key);
  }

  async keep({ blobs }: MigrationDependencies, place: OverlapPlace, chunk: number): Promise<void> {
    if (this.#keys.length === 0) return;
    const name = `${folderOf(place)}${String(chunk).padStart(7, '0')}.txt`;
    await blobs.write(
      stagingContainer(place.migrationId),
      name,
      Buffer.from(`${this.#keys.join('\n')}\n`),
    );
  }
}

/** Keys of the last stretch of a window, of one type. */
export async function overlapKeys(
  { blobs }: MigrationDependencies,
  place: OverlapPlace,
): Promise<ReadonlySet<string>> {
  const keys = new Set<string>();
  if (place.window < 1) return keys;
  for await (const { url } of blobs.list(stagingContainer(place.migrationId), folderOf(place))) {
    for await (const lines of ndjsonLines(blobs.read(url), { file: url })) {
      for (const { bytes } of lines) keys.add(bytes.toString('utf8'));
    }
  }
  return keys;
}

const folderOf = ({ window, type }: OverlapPlace): string => `${windowName(window)}/end/${type}/`;
