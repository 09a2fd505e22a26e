import type { BlockBlobClient } from '@azure/storage-blob';
import type { TokenProvider } from '../identity/index.ts';
import { statusOf } from './blob-failure.ts';
import type { ComposedBlob } from './contract.ts';
import { blockNames, commitBlocks, writeBlob } from './write-blob.ts';

export interface Composition {
  readonly target: BlockBlobClient;
  readonly sources: readonly BlockBlobClient[];
  /** The identity that may read the sources; absent with an account key. */
  readonly token: TokenProvider | undefined;
}

/** Put Block From URL copies within one request: pieces small enough never to time out. */
const pieceBytes = 64 * 1024 * 1024;
const sourcesInFlight = 8;
const signatureMs = 3_600_000;
const lineFeed = Buffer.from('\n');

/**
 * Joins blobs on the server (Put Block From URL), a line feed added where a source ends without
 * one. Storage that knows no such request gets the bytes through us.
 */
export async function composeBlob(composition: Composition): Promise<ComposedBlob> {
  try {
    return { ...(await joinOnServer(composition)), how: 'server-side' };
  } catch (error) {
    if (statusOf(error) === 501) {
      const bytes = joined(composition.sources);
      return { ...(await writeBlob(composition.target, bytes)), how: 'streamed' };
    }
    throw error;
  }
}

async function joinOnServer({ target, sources, token }: Composition) {
  const names = blockNames();
  const staged: Staged[] = [];
  let block = 0;
  for (let start = 0; start < sources.length; start += sourcesInFlight) {
    const group = sources.slice(start, start + sourcesInFlight);
    const sizes = await Promise.all(group.map(measure));
    const work = sizes.map(async ({ source, bytes, endsLine }) => {
      const pieces = Math.ceil(bytes / pieceBytes) + (endsLine ? 0 : 1);
      const first = block;
      block += pieces;
      const name = (index: number) => names(first + index);
      return await stage({ target, source, bytes, endsLine, name, token });
    });
    staged.push(...(await Promise.all(work)));
  }
  const list = staged.flatMap(({ blocks }) => blocks);
  return await commitBlocks(
    target,
    list,
    staged.reduce((sum, { bytes }) => sum + bytes, 0),
  );
}

interface Measured {
  readonly source: BlockBlobClient;
  readonly bytes: number;
  /** Its last byte is a line feed, or it has none at all. */
  readonly endsLine: boolean;
}

async function measure(source: BlockBlobClient): Promise<Measured> {
  const { contentLength: bytes = 0 } = await source.getProperties();
  if (bytes === 0) {
    return { source, bytes, endsLine: true };
  }
  const last = await source.downloadToBuffer(bytes - 1, 1);
  return { source, bytes, endsLine: last.equals(lineFeed) };
}

interface Staging extends Measured {
  readonly target: BlockBlobClient;
  readonly name: (index: number) => string;
  readonly token: TokenProvider | undefined;
}

interface Staged {
  readonly blocks: readonly string[];
  readonly bytes: number;
}

async function stage({ target, source, bytes, endsLine, name, token }: Staging): Promise<Staged> {
  const blocks: string[] = [];
  const { url, options } = await readable(source, token);
  for (let offset = 0; offset < bytes; offset += pieceBytes) {
    const block = name(blocks.length);
    const count = Math.min(pieceBytes, bytes - offset);
    await target.stageBlockFromURL(block, url, offset, count, options);
    blocks.push(block);
  }
  if (!endsLine) {
    const block = name(blocks.length);
    await target.stageBlock(block, lineFeed, lineFeed.length);
    blocks.push(block);
  }
  return { blocks, bytes: bytes + (endsLine ? 0 : lineFeed.length) };
}

/** How the storage service may read the source: by our token, or by a short-lived signature of the account key. */
async function readable(source: BlockBlobClient, token: TokenProvider | undefined) {
  if (token !== undefined) {
    const sourceAuthorization = { scheme: 'Bearer', value: await token() };
    return { url: source.url, options: { sourceAuthorization } };
  }
  const { BlobSASPermissions } = await import('@azure/storage-blob');
  const url = await source.generateSasUrl({
    permissions: BlobSASPermissions.from({ read: true }),
    startsOn: new Date(Date.now() - signatureMs / 12),
    expiresOn: new Date(Date.now() + signatureMs),
  });
  return { url, options: {} };
}

async function* joined(
  sources: readonly BlockBlobClient[],
): AsyncGenerator<Buffer, void, undefined> {
  for (const source of sources) {
    let endsLine = true;
    const { readableStreamBody } = await source.download();
    for await (const chunk of readableStreamBody ?? []) {
      const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
      endsLine = bytes.at(-1) === lineFeed[0];
      yield bytes;
    }
    if (!endsLine) {
      yield lineFeed;
    }
  }
}
