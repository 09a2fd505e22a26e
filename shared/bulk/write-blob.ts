import { randomUUID } from 'node:crypto';
import type { BlockBlobClient } from '@azure/storage-blob';
import { bareEtag } from './bare-etag.ts';
import type { WrittenBlob } from './contract.ts';

/** A blob has 50 000 blocks at most: 400 GB of these. */
const blockBytes = 8 * 1024 * 1024;
const blocksInFlight = 4;
/** Block names of one blob must have one length. */
const nameDigits = 6;

const headers = { blobHTTPHeaders: { blobContentType: 'application/fhir+ndjson' } };

/** Writes a block blob in memory of a few blocks. It appears, whole, with its last request. */
export async function writeBlob(
  blob: BlockBlobClient,
  content: Buffer | AsyncIterable<Buffer>,
): Promise<WrittenBlob> {
  if (Buffer.isBuffer(content) && content.length <= blockBytes) {
    const { etag } = await blob.upload(content, content.length, headers);
    return { url: blob.url, etag: bareEtag(etag), bytes: content.length };
  }
  const names = blockNames();
  const list: string[] = [];
  const uploads = boundedUploads();
  let bytes = 0;
  for await (const block of blocksOf(content)) {
    const name = names(list.length);
    list.push(name);
    bytes += block.length;
    await uploads.add(blob.stageBlock(name, block, block.length));
  }
  await uploads.finish();
  return await commitBlocks(blob, list, bytes);
}

/** Keeps a few requests under way; the first failure is thrown at the next turn. */
function boundedUploads() {
  const inFlight = new Set<Promise<unknown>>();
  const failures: unknown[] = [];
  const throwFailure = () => {
    if (failures.length > 0) {
      throw failures[0];
    }
  };
  return {
    async add(upload: Promise<unknown>): Promise<void> {
      const settled = upload
        .catch((error: unknown) => failures.push(error))
        .finally(() => inFlight.delete(settled));
      inFlight.add(settled);
      if (inFlight.size >= blocksInFlight) {
        await Promise.race(inFlight);
      }
      throwFailure();
    },
    async finish(): Promise<void> {
      await Promise.all(inFlight);
      throwFailure();
    },
  };
}

export async function commitBlocks(
  blob: BlockBlobClient,
  list: readonly string[],
  bytes: number,
): Promise<WrittenBlob> {
  const { etag } = await blob.commitBlockList([...list], headers);
  return { url: blob.url, etag: bareEtag(etag), bytes };
}

/** Names that no other writer of the same blob uses, so that two of them cannot mix. */
export function blockNames(): (index: number) => string {
  const writer = randomUUID();
  return (index) =>
    Buffer.from(`${writer}-${String(index).padStart(nameDigits, '0')}`).toString('base64');
}

async function* blocksOf(
  content: Buffer | AsyncIterable<Buffer>,
): AsyncGenerator<Buffer, void, undefined> {
  if (Buffer.isBuffer(content)) {
    for (let at = 0; at < content.length; at += blockBytes) {
      yield content.subarray(at, at + blockBytes);
    }
    return;
  }
  let parts: Buffer[] = [];
  let size = 0;
  for await (const chunk of content) {
    parts.push(chunk);
    size += chunk.length;
    if (size >= blockBytes) {
      yield Buffer.concat(parts, size);
      parts = [];
      size = 0;
    }
  }
  if (size > 0) {
    yield Buffer.concat(parts, size);
  }
}
