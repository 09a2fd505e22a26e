import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  createDownload,
  createHttp,
  createLoadLimiter,
  type HttpOptions,
} from '../../../shared/http/index.ts';
import { answer, failureOf, useScriptedServers } from './scripted-server.ts';

const serve = useScriptedServers();

function download(server: { readonly url: string }, more: Partial<HttpOptions> = {}) {
  return createDownload({ allowedOrigins: [server.url], userAgent: 'unit/1', ...more });
}

async function bytesOf(body: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

describe('downloads', () => {
  test('bytes come as they were sent, compressed or not', async () => {
    const content = Buffer.from('línea\n'.repeat(200_000));
    const server = await serve(
      (_, response) => response.end(content),
      (_, response) =>
        response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(content)),
    );
    for (const _ of ['plain', 'gzip']) {
      const { status, body } = await download(server)({ url: server.url });
      expect(status).toBe(200);
      expect((await bytesOf(body)).equals(content)).toBe(true);
    }
  });

  test('only a success has a body; a redirect is handed back', async () => {
    const elsewhere = await serve(answer(200, 'secret'));
    const server = await serve(
      answer(404, 'CANARY'),
      answer(302, 'CANARY', { location: elsewhere.url }),
    );
    for (const status of [404, 302]) {
      const found = await download(server)({ url: server.url });
      expect([found.status, (await bytesOf(found.body)).length]).toEqual([status, 0]);
    }
    expect(elsewhere.seen).toHaveLength(0);
  });

  test('a hiccup before the first byte is tried again', async () => {
    const server = await serve(
      answer(503),
      (request) => request.socket.destroy(),
      answer(200, 'there'),
    );
    const { body } = await download(server)({ url: server.url });
    expect((await bytesOf(body)).toString()).toBe('there');
  });

  test('a body that breaks off is a retryable error, never a short success', async () => {
    const server = await serve((_, response) => {
      response.writeHead(200, { 'content-length': '1000' });
      response.write('half');
      setTimeout(() => response.socket?.destroy(), 20);
    });
    const { body } = await download(server)({ url: server.url });
    expect(await failureOf(bytesOf(body))).toMatchObject({
      code: 'REQUEST_FAILED',
      retryable: true,
    });
  });

  test('silence ends it, a slow reader does not', async () => {
    const server = await serve((request, response) => {
      response.write('first');
      if (request.url === '/slow-reader') setTimeout(() => response.end('last'), 5);
    });
    const silent = await download(server)({ url: `${server.url}/silent`, idleMs: 200 });
    expect(await failureOf(bytesOf(silent.body))).toMatchObject({ details: { reason: 'TIMEOUT' } });
    const slow = await download(server)({ url: `${server.url}/slow-reader`, idleMs: 200 });
    let text = '';
    for await (const chunk of slow.body) {
      text += chunk;
      await new Promise((done) => setTimeout(done, 500));
    }
    expect(text).toBe('firstlast');
  });

  test('a foreign origin is never called', async () => {
    const server = await serve(answer(200));
    const other = await serve(answer(200));
    expect((await failureOf(download(server)({ url: other.url }))).code).toBe('URL_NOT_ALLOWED');
    expect(other.seen).toHaveLength(0);
  });
});

describe('any status as an answer', () => {
  test.each([429, 502, 503, 504])('%i comes back at once when it is asked for', async (status) => {
    const server = await serve(answer(status, 'why'));
    const send = createHttp({ allowedOrigins: [server.url], userAgent: 'unit/1' });
    const response = await send({ method: 'GET', url: server.url, anyStatus: true });
    expect([response.status, response.text, server.seen.length]).toEqual([status, 'why', 1]);
  });
});

describe('the limiter', () => {
  test('429 halves what is in flight, and nothing starts before the wait is over', async () => {
    const limiter = createLoadLimiter(16);
    for (let n = 0; n < 40; n += 1)
      limiter.observe({ milliseconds: 1, kind: 'GET', operations: 1 });
    const before = limiter.limit;
    limiter.throttled(0.2);
    expect(limiter.limit).toBe(Math.floor(before / 2));
    const start = performance.now();
    await limiter.run(async () => undefined);
    expect(performance.now() - start).toBeGreaterThanOrEqual(190);
  });

  test('each success adds less than one, up to the ceiling', () => {
    const limiter = createLoadLimiter(8);
    const limits: number[] = [];
    for (let n = 0; n < 60; n += 1) {
      limiter.observe({ milliseconds: 1, kind: 'GET', operations: 1 });
      limits.push(limiter.limit);
    }
    expect(limits).toEqual([...limits].sort((a, b) => a - b));
    expect(limits.at(-1)).toBe(8);
  });
});
