import { AppError } from '../../shared/errors.ts';
import {
  type MigrationStore,
  numbered,
  type ProofRecord,
  type Side,
} from '../../shared/migration/index.ts';
import {
  createDigest,
  type Digest,
  mergeDigests,
  readDigest,
  writeDigest,
} from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';

export interface ProofInput {
  readonly migrationId: string;
  readonly proof: number;
}

/** What a digest is of: a side, or the quarantined versions of the source. */
export type DigestOf = Side | 'excepted';

export const proofContainer = (migrationId: string): string => `fds-${migrationId}-proof`;
export const proofExtract = (proof: number, side: Side): string => `proof-${proof}-${side}`;

/** @throws AppError NOT_FOUND */
export async function loadProof(
  store: MigrationStore,
  { migrationId, proof }: ProofInput,
): Promise<ProofRecord> {
  const found = await store.proofs.get(migrationId, numbered(proof));
  if (found !== undefined) return found;
  throw new AppError('NOT_FOUND', `migration ${migrationId} has no proof ${proof}`);
}

export function emptyDigest({ mode, boundaries, salt, countVersions }: ProofRecord): Digest {
  return createDigest({ mode, boundaries: [...boundaries], salt, countVersions });
}

export async function keepDigest(
  { blobs }: MigrationDependencies,
  { migrationId, proof, of, chunk }: ProofInput & { readonly of: DigestOf; readonly chunk: number },
  digest: Digest,
): Promise<void> {
  const name = `proof-${proof}/${of}/${numbered(chunk)}.digest`;
  await blobs.write(proofContainer(migrationId), name, writeDigest(digest));
}

/** Bytes of digests that are read before they are added to the sum. */
const mergedAtOnce = 8 * 1024 * 1024;

/** All digests of a side as one; they are merged some at a time, so memory stays that of a few. */
export async function wholeDigest(
  { blobs }: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  { of, record }: { readonly of: DigestOf; readonly record: ProofRecord },
): Promise<Digest> {
  let whole = emptyDigest(record);
  let waiting: Digest[] = [];
  let held = 0;
  const list = blobs.list(proofContainer(migrationId), `proof-${proof}/${of}/`);
  for await (const { url, bytes } of list) {
    const parts: Buffer[] = [];
    for await (const part of blobs.read(url)) parts.push(part);
    waiting.push(readDigest(Buffer.concat(parts)));
    held += bytes;
    if (held < mergedAtOnce) continue;
    whole = mergeDigests([whole, ...waiting]);
    waiting = [];
    held = 0;
  }
  return waiting.length === 0 ? whole : mergeDigests([whole, ...waiting]);
}
