import type { BlobStore, WrittenBlob } from '../../shared/bulk/index.ts';
import { AppError } from '../../shared/errors.ts';
import { BlobRefusal, type MemoryBlob, type MemoryBlobs } from './memory-blobs.ts';

/**
 * The product's view of an account in memory, without HTTP: half of the time of a migration that
 * moves twenty resources is the client of the storage account.
 *
 * @param base the account's URL, by which others reach the same blobs
 */
export function memoryBlobStore(blobs: MemoryBlobs, base: string): BlobStore {
  const urlOf = (container: string, name: string): string =>
    `${base}/${container}/${name.split('/').map(encodeURIComponent).join('/')}`;
  const at = (url: string): readonly [container: string, name: string] => {
    if (!url.startsWith(`${base}/`)) {
      throw new AppError('URL_NOT_ALLOWED', 'the URL names no blob of the account');
    }
    const [container = '', ...name] = url.slice(base.length + 1).split('/');
    return [container, name.map(decodeURIComponent).join('/')];
  };
  const written = (container: string, name: string, blob: MemoryBlob): WrittenBlob => ({
    url: urlOf(container, name),
    etag: bare(blob),
    bytes: blob.content.length,
  });
  const write = async (container: string, name: string, content: Buffer) =>
    written(
      container,
      name,
      orFailure(() => blobs.put(container, name, content)),
    );
  return {
    hosts: [new URL(base).origin],
    owns: (url) => url.startsWith(`${base}/`),
    urlOf,
    async *list(container, prefix = '') {
      const found = ifThere(() => blobs.list(container, prefix)) ?? [];
      for (const [name, blob] of found) yield { name, ...written(container, name, blob) };
    },
    find: async (url) => {
      const [container, name] = at(url);
      const blob = ifThere(() => blobs.get(container, name));
      return blob === undefined ? undefined : written(container, name, blob);
    },
    async *read(url, range) {
      const [container, name] = at(url);
      const { content } = orFailure(() => blobs.get(container, name));
      const from = range?.offset ?? 0;
      yield content.subarray(from, range?.count === undefined ? undefined : from + range.count);
    },
    write: async (container, name, content) => write(container, name, await whole(content)),
    compose: async (container, name, sources) => {
      const parts = sources.map((url) => orFailure(() => blobs.get(...at(url))).content);
      const joined = await write(container, name, Buffer.concat(parts.flatMap(endedLine)));
      return { ...joined, how: 'server-side' };
    },
    async *containers(prefix) {
      yield* blobs.containers(prefix);
    },
    ensureContainer: async (name) => void blobs.createContainer(name),
    removeContainer: async (name) => void blobs.removeContainer(name),
    remove: async (url) => void blobs.remove(...at(url)),
  };
}

const bare = ({ etag }: MemoryBlob): string => etag.slice(1, -1);

const lineFeed = Buffer.from('\n');

const endedLine = (part: Buffer): readonly Buffer[] =>
  part.length === 0 || part.at(-1) === lineFeed[0] ? [part] : [part, lineFeed];

async function whole(content: Buffer | AsyncIterable<Buffer>): Promise<Buffer> {
  if (Buffer.isBuffer(content)) return content;
  const parts: Buffer[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts);
}

function ifThere<Value>(work: () => Value): Value | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof BlobRefusal && error.status === 404) return undefined;
    throw error;
  }
}

function orFailure<Value>(work: () => Value): Value {
  const value = ifThere(work);
  if (value === undefined) throw new AppError('NOT_FOUND', 'a blob: it does not exist');
  return value;
}
