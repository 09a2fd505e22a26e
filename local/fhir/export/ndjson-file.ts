import type { ContainerClient } from '@azure/storage-blob';
import { blobUrl } from '../jobs/storage-account.ts';

const blockBytes = 4 * 1024 * 1024;

export interface WrittenFile {
  readonly url: string;
  readonly count: number;
}

export interface NewFile {
  readonly container: ContainerClient;
  readonly name: string;
  readonly abortSignal: AbortSignal;
}

/**
 * Writes one NDJSON block blob in blocks, one upload under way at a time while
 * the next block fills. The blob appears whole, with `close`.
 */
export function createNdjsonFile({ container, name, abortSignal }: NewFile) {
  const blob = container.getBlockBlobClient(name);
  const blocks: string[] = [];
  let lines: string[] = [];
  let waiting = 0;
  let bytes = 0;
  let count = 0;
  let upload: Promise<unknown> = Promise.resolve();

  async function stage(): Promise<void> {
    const content = Buffer.from(`${lines.join('\n')}\n`);
    lines = [];
    waiting = 0;
    await upload;
    const id = Buffer.from(String(blocks.length).padStart(6, '0')).toString('base64');
    blocks.push(id);
    upload = blob.stageBlock(id, content, content.length, { abortSignal });
    // The failure is met where the upload is awaited; until then it must not count as unhandled.
    upload.catch(() => undefined);
  }

  return {
    /** Bytes so far, counting a character as one. */
    size: (): number => bytes,
    count: (): number => count,
    async write(texts: readonly string[]): Promise<void> {
      for (const text of texts) {
        lines.push(text);
        waiting += text.length + 1;
      }
      bytes += texts.reduce((sum, text) => sum + text.length + 1, 0);
      count += texts.length;
      if (waiting >= blockBytes) await stage();
    },
    async close(): Promise<WrittenFile> {
      if (blocks.length === 0) {
        const content = Buffer.from(lines.length === 0 ? '' : `${lines.join('\n')}\n`);
        await blob.upload(content, content.length, { abortSignal });
      } else {
        if (lines.length > 0) await stage();
        await upload;
        await blob.commitBlockList(blocks, { abortSignal });
      }
      return { url: blobUrl(blob), count };
    },
  };
}

export type NdjsonFile = ReturnType<typeof createNdjsonFile>;
