import type { BlockBlobClient } from '@azure/storage-blob';

const blockBytes = 4 * 1024 * 1024;

/** The bytes of a blob from an offset to its `length`; the next block loads while one is worked on. */
export async function* blobBlocks(
  blob: BlockBlobClient,
  offset: number,
  length: number,
): AsyncGenerator<Buffer> {
  const load = (from: number): Promise<Buffer> | undefined => {
    if (from >= length) return undefined;
    const loading = blob.downloadToBuffer(from, Math.min(blockBytes, length - from));
    // A failure is met where the block is awaited; a reader that stops early never does.
    loading.catch(() => undefined);
    return loading;
  };
  let position = offset;
  let loading = load(position);
  while (loading !== undefined) {
    const block = await loading;
    position += block.length;
    loading = load(position);
    yield block;
  }
}
