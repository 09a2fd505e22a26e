import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  type BlobStore,
  createBlobStore,
  createExportFileReader,
} from '../../../shared/bulk/index.ts';
import { newStorageAccount } from '../../support/storage-account.ts';
import { failureOf } from './scripted-service.ts';

const storage = newStorageAccount();
let store: BlobStore;
beforeAll(async () => {
  store = createBlobStore({ connectionString: storage.connectionString });
  await store.ensureContainer('files');
});

async function all(chunks: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts);
}

async function listed(container: string, prefix?: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of store.list(container, prefix)) names.push(name);
  return names;
}

describe('blobs of the account', () => {
  test('what was written is read, found, listed and removed', async () => {
    const content = Buffer.from('{"a":1}\n'.repeat(1000));
    const written = await store.write('files', 'window 1/Pätient-1.ndjson', content);
    expect(written).toEqual({
      url: store.urlOf('files', 'window 1/Pätient-1.ndjson'),
      etag: expect.stringMatching(/^0x/),
      bytes: 8000,
    });
    expect(await all(store.read(written.url))).toEqual(content);
    expect(await all(store.read(written.url, { offset: 8, count: 7 }))).toEqual(
      Buffer.from('{"a":1}'),
    );
    expect(await store.find(written.url)).toEqual(written);
    const entries = [];
    for await (const entry of store.list('files', 'window 1/')) entries.push(entry);
    expect(entries).toEqual([{ name: 'window 1/Pätient-1.ndjson', ...written }]);
    await store.remove(written.url);
    await store.remove(written.url);
    expect(await store.find(written.url)).toBeUndefined();
    expect(await failureOf(all(store.read(written.url)))).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('a stream of many blocks arrives whole and in order', async () => {
    const chunk = (n: number) => Buffer.alloc(1_000_000, n);
    async function* stream() {
      for (let n = 0; n < 30; n += 1) yield chunk(n);
    }
    const { url, bytes } = await store.write('files', 'large', stream());
    expect(bytes).toBe(30_000_000);
    const read = await all(store.read(url));
    expect(read.equals(Buffer.concat(Array.from({ length: 30 }, (_, n) => chunk(n))))).toBe(true);
  });

  test('a stream that breaks leaves the blob as it was', async () => {
    const { url } = await store.write('files', 'kept', Buffer.from('old'));
    async function* broken() {
      yield Buffer.alloc(20_000_000);
      throw new TypeError('broken');
    }
    await expect(store.write('files', 'kept', broken())).rejects.toMatchObject({
      code: 'BLOB_UNAVAILABLE',
    });
    expect((await all(store.read(url))).toString()).toBe('old');
  });

  test('blobs are composed on the server, each ending in a line feed', async () => {
    const parts = ['{"a":1}\n{"a":2}\n', '{"b":1}', '', '{"c":1}\n'];
    const sources: string[] = [];
    for (const [index, part] of parts.entries()) {
      sources.push((await store.write('files', `part-${index}`, Buffer.from(part))).url);
    }
    const composed = await store.compose('files', 'composed', sources);
    const text = '{"a":1}\n{"a":2}\n{"b":1}\n{"c":1}\n';
    expect(composed).toMatchObject({ how: 'server-side', bytes: text.length });
    expect((await all(store.read(composed.url))).toString()).toBe(text);
    expect(await store.find(composed.url)).toEqual({
      url: composed.url,
      etag: composed.etag,
      bytes: composed.bytes,
    });
  });

  test('containers come and go, also twice', async () => {
    await store.ensureContainer('short-lived');
    await store.ensureContainer('short-lived');
    await store.write('short-lived', 'a', Buffer.from('a'));
    expect(await listed('short-lived')).toEqual(['a']);
    await store.removeContainer('short-lived');
    await store.removeContainer('short-lived');
    expect(await listed('short-lived')).toEqual([]);
  });

  test('an export file of the account is read with its credentials', async () => {
    const { url } = await store.write('files', 'exported', Buffer.from('{}\n'));
    const http = { allowedOrigins: [], userAgent: 'test/1' };
    const read = createExportFileReader({ store, http });
    expect((await all(read({ url }, { requiresAccessToken: false }))).toString()).toBe('{}\n');
  });
});

describe('the boundary of the account', () => {
  test.each([
    'https://elsewhere.blob.core.windows.net/files/a',
    'not a URL',
    'http://127.0.0.1/files/a',
  ])('%s is none of ours', async (url) => {
    expect(store.owns(url)).toBe(false);
    expect(await failureOf(all(store.read(url)))).toMatchObject({ code: 'URL_NOT_ALLOWED' });
    expect((await failureOf(store.compose('files', 'x', [url]))).code).toBe('URL_NOT_ALLOWED');
  });

  test('another account on the same host, a query or no blob name is none of ours', () => {
    const url = store.urlOf('files', 'a');
    const [, blobEndpoint = ''] = /BlobEndpoint=([^;]+)/.exec(storage.connectionString) ?? [];
    expect(store.owns(url)).toBe(true);
    expect(store.owns(url.replace(blobEndpoint, `${blobEndpoint}2`))).toBe(false);
    expect(store.owns(`${url}?sig=x`)).toBe(false);
    expect(store.owns(url.replace('/files/a', '/files/../../x'))).toBe(false);
    expect(store.owns(url.replace('/a', ''))).toBe(false);
    expect(store.hosts).toEqual([new URL(blobEndpoint).origin]);
  });

  test('every name leads back to itself', () => {
    const name = fc
      .string({ unit: 'grapheme', minLength: 1, maxLength: 30 })
      .filter((text) => /^[^/\\.]/.test(text) && text.isWellFormed());
    fc.assert(
      fc.property(name, (text) => {
        expect(store.owns(store.urlOf('files', text))).toBe(true);
      }),
    );
  });

  test.each([
    [
      'DefaultEndpointsProtocol=https;AccountName=acct;AccountKey=a2V5;EndpointSuffix=core.usgovcloudapi.net',
      'https://acct.blob.core.usgovcloudapi.net',
    ],
    ['AccountName=acct;AccountKey=a2V5', 'https://acct.blob.core.windows.net'],
    ['UseDevelopmentStorage=true', 'http://127.0.0.1:10000/devstoreaccount1'],
    [
      'BlobEndpoint=https://blobs.example/acct/;AccountName=acct;AccountKey=a2V5==',
      'https://blobs.example/acct',
    ],
  ])('the account of %s', (connectionString, base) => {
    expect(createBlobStore({ connectionString }).urlOf('c', 'a b/ä')).toBe(
      `${base}/c/a%20b/%C3%A4`,
    );
  });

  test('settings that are none are refused without being quoted', async () => {
    const failure = await failureOf(
      Promise.resolve().then(() => createBlobStore({ connectionString: 'AccountKey=CANARY' })),
    );
    expect(failure.code).toBe('CONFIG_INVALID');
  });
});
