import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createExportFileReader } from '../../../shared/bulk/index.ts';
import { textOf } from './ig-client.ts';
import { failureOf } from './scripted-service.ts';

const content = Array.from({ length: 50_000 }, (_, n) => `{"n":${n}}\n`).join('');

interface Interruptions {
  readonly etag?: string;
  /** Bytes sent before each connection is torn. */
  readonly sends: readonly number[];
  /** The file becomes another one after the first connection. */
  readonly changes?: boolean;
}

/** Serves one file with ranges (RFC 9110), tearing the first connections. */
async function fileServer({ etag, sends, changes = false }: Interruptions) {
  const ranges: (string | undefined)[] = [];
  const serve = (request: IncomingMessage, response: ServerResponse) => {
    const { range, 'if-range': condition } = request.headers;
    const tag = changes && ranges.length > 0 ? '"other"' : etag;
    const isPart = range !== undefined && condition === tag;
    const from = isPart ? Number(/bytes=(\d+)-/.exec(range)?.[1]) : 0;
    const rest = Buffer.from(content).subarray(from);
    const stop = sends[ranges.length];
    ranges.push(range);
    response.writeHead(isPart ? 206 : 200, {
      'content-length': rest.length,
      ...(tag && { etag: tag }),
    });
    if (stop === undefined) response.end(rest);
    else response.write(rest.subarray(0, stop), () => setTimeout(() => response.destroy(), 20));
  };
  const server = createServer(serve);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const read = createExportFileReader({ http: { allowedOrigins: [url], userAgent: 'test/1' } });
  return { ranges, text: () => textOf(read({ url }, { requiresAccessToken: false })) };
}

test('a file that breaks off is read on from there, as often as it takes', async () => {
  const sends = [100_000, 7, 200_000, 1, 1, 1];
  const { text, ranges } = await fileServer({ etag: '"v1"', sends });
  expect(await text()).toBe(content);
  expect(ranges[0]).toBeUndefined();
  expect(ranges.slice(1)).toEqual(Array(6).fill(expect.stringMatching(/^bytes=\d+-$/)));
});

test('a file that changed meanwhile is no continuation', async () => {
  const { text } = await fileServer({ etag: '"v1"', sends: [100_000], changes: true });
  expect(await failureOf(text())).toMatchObject({ code: 'REQUEST_FAILED', retryable: true });
});

test.each([
  ['no version', undefined],
  ['a weak version', 'W/"v1"'],
])('a file with %s is not put together from two answers', async (_, etag) => {
  const { text, ranges } = await fileServer({ ...(etag && { etag }), sends: [100_000] });
  expect((await failureOf(text())).code).toBe('REQUEST_FAILED');
  expect(ranges).toHaveLength(1);
});

test('a file that gives nothing more is given up', async () => {
  const { text, ranges } = await fileServer({ etag: '"v1"', sends: [10, 0, 0, 0, 0, 0, 0] });
  expect((await failureOf(text())).code).toBe('REQUEST_FAILED');
  expect(ranges.length).toBeLessThanOrEqual(5);
});
