import type { BlobServiceClient, BlockBlobClient } from '@azure/storage-blob';
import { bareEtag } from './bare-etag.ts';
import { blobAddress, blobUrl, findBlobAddress } from './blob-address.ts';
import { blobFailure, isMissing, orBlobFailure } from './blob-failure.ts';
import { type BlobStoreOptions, blobService } from './blob-service.ts';
import { composeBlob } from './compose-blob.ts';
import type { BlobListing, BlobStore, ByteRange, WrittenBlob } from './contract.ts';
import { writeBlob } from './write-blob.ts';

/** Blobs listed in one page; the service's most. */
const pageSize = 5000;

/** @throws AppError CONFIG_INVALID */
export function createBlobStore(options: BlobStoreOptions): BlobStore {
  const { base, token, client } = blobService(options);

  async function named(container: string, name: string): Promise<BlockBlobClient> {
    return (await client()).getContainerClient(container).getBlockBlobClient(name);
  }

  async function at(url: string): Promise<BlockBlobClient> {
    const { container, name } = blobAddress(base, url);
    return await named(container, name);
  }

  return {
    hosts: [new URL(base).origin],
    owns: (url) => findBlobAddress(base, url) !== undefined,
    urlOf: (container, name) => blobUrl(base, { container, name }),
    list: (container, prefix) => listBlobs(client, container, prefix),
    find: async (url) => findBlob(await at(url)),
    read: (url, range) => readBlob(() => at(url), range),
    write: (container, name, content) =>
      orBlobFailure('writing a blob', async () => writeBlob(await named(container, name), content)),
    compose: (container, name, sources) =>
      orBlobFailure('composing a blob', async () => {
        const opened = await Promise.all(sources.map(at));
        return await composeBlob({ target: await named(container, name), sources: opened, token });
      }),
    containers: (prefix) => listContainers(client, prefix),
    ensureContainer: (name) =>
      orBlobFailure('creating a container', async () => {
        await (await client()).getContainerClient(name).createIfNotExists();
      }),
    removeContainer: (name) =>
      orBlobFailure('removing a container', async () => {
        await (await client()).getContainerClient(name).deleteIfExists();
      }),
    remove: (url) =>
      orBlobFailure('removing a blob', async () => {
        await (await at(url)).deleteIfExists();
      }),
  };
}

async function* listBlobs(
  open: () => Promise<BlobServiceClient>,
  container: string,
  prefix: string | undefined,
): AsyncGenerator<BlobListing, void, undefined> {
  const client = (await open()).getContainerClient(container);
  try {
    const options = prefix === undefined ? {} : { prefix };
    for await (const page of client.listBlobsFlat(options).byPage({ maxPageSize: pageSize })) {
      for (const { name, properties } of page.segment.blobItems) {
        const { contentLength = 0, etag } = properties;
        const { url } = client.getBlobClient(name);
        yield { name, url, bytes: contentLength, etag: bareEtag(etag) };
      }
    }
  } catch (error) {
    if (!isMissing(error)) {
      throw blobFailure(error, 'listing blobs');
    }
  }
}

async function* listContainers(
  open: () => Promise<BlobServiceClient>,
  prefix: string,
): AsyncGenerator<string, void, undefined> {
  try {
    for await (const { name } of (await open()).listContainers({ prefix })) yield name;
  } catch (error) {
    throw blobFailure(error, 'listing containers');
  }
}

async function findBlob(client: BlockBlobClient): Promise<WrittenBlob | undefined> {
  try {
    const { contentLength = 0, etag } = await client.getProperties();
    return { url: client.url, etag: bareEtag(etag), bytes: contentLength };
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw blobFailure(error, 'looking for a blob');
  }
}

async function* readBlob(
  open: () => Promise<BlockBlobClient>,
  range: ByteRange | undefined,
): AsyncGenerator<Buffer, void, undefined> {
  const client = await open();
  try {
    const { readableStreamBody } = await client.download(range?.offset ?? 0, range?.count, {
      maxRetryRequests: 5,
    });
    for await (const chunk of readableStreamBody ?? []) {
      yield Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk);
    }
  } catch (error) {
    throw blobFailure(error, 'reading a blob');
  }
}
