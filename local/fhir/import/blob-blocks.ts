import type { BlockBlobClient } from '@azure/storage-blob';

const blockBytes = 4 * 1024 * 1024;

export interface BlockRange {
  readonly offset: number;
  /** Bytes of the whole blob. */
  readonly length: number;
  readonly abortSignal: AbortSignal;
}

/** The bytes of a blob from an offset to its `length`; the next block loads while one is worked on. */
export async function* blobBlocks(
  blob: BlockBlobClient,
  { offset, length, abortSignal }: BlockRange,
): AsyncGenerator<Buffer> {
  const load = (from: number): Promise<Buffer> | undefined => {
    if (from >= length) return undefined;
    const loading = blob.downloadToBuffer(from, Math.min(blockBytes, length - from), {
      abortSignal,
    });
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
