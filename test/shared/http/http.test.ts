import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createHttp, type HttpOptions, parseRetryAfter } from '../../../shared/http/index.ts';
import {
  answer,
  failureOf,
  hangUp,
  type ScriptedServer,
  useScriptedServers,
} from './scripted-server.ts';

const serve = useScriptedServers();

function client(server: { readonly url: string }, more: Partial<HttpOptions> = {}) {
  return createHttp({ allowedOrigins: [server.url], userAgent: 'unit/1', ...more });
}

describe('answers', () => {
  test('every status that is not a transport hiccup comes back as a response', async () => {
    for (const status of [200, 201, 204, 304, 400, 401, 404, 409, 412, 422, 500, 501]) {
      const server = await serve(answer(status, status === 204 || status === 304 ? '' : 'body'));
      const response = await client(server)({ method: 'GET', url: `${server.url}/x` });
      expect(response.status).toBe(status);
      expect(server.seen).toHaveLength(1);
    }
  });

  test('a redirect is handed back, not followed, so the token stays with its origin', async () => {
    const elsewhere = await serve(answer(200));
    const server = await serve(answer(302, '', { location: elsewhere.url }));
    const send = client(server, { token: async () => 'secret' });
    expect((await send({ method: 'GET', url: server.url })).status).toBe(302);
    expect(elsewhere.seen).toHaveLength(0);
  });

  test('user agent, bearer token and body reach the server', async () => {
    const server = await serve((request, response, body) => {
      const { authorization, 'user-agent': agent } = request.headers;
      response.end(`${agent} ${authorization} ${body}`);
    });
    const send = client(server, { token: async () => 'abc' });
    const response = await send({ method: 'POST', url: server.url, body: 'é' });
    expect(response.text).toBe('unit/1 Bearer abc é');
  });

  test('text that spans chunks in the middle of a character is decoded whole', async () => {
    const bytes = Buffer.from('naïve – 漢字');
    const server = await serve((_request, response) => {
      response.write(bytes.subarray(0, 3));
      setTimeout(() => response.end(bytes.subarray(3)), 5);
    });
    expect((await client(server)({ method: 'GET', url: server.url })).text).toBe('naïve – 漢字');
  });
});

describe('bounds', () => {
  test('an answer over the bound is refused, also when compression hides its size', async () => {
    const server = await serve(
      answer(200, 'x'.repeat(2000)),
      (_request, response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(gzipSync('x'.repeat(1_000_000)));
      },
      answer(200, 'x'.repeat(1000)),
    );
    const get = () => client(server)({ method: 'GET', url: server.url, maxResponseBytes: 1000 });
    expect((await failureOf(get())).code).toBe('RESPONSE_UNREADABLE');
    expect((await failureOf(get())).code).toBe('RESPONSE_UNREADABLE');
    expect((await get()).text).toHaveLength(1000);
  });

  test('a server that never answers ends as REQUEST_FAILED after one attempt', async () => {
    const server = await serve(() => {});
    const error = await failureOf(
      client(server)({ method: 'GET', url: server.url, timeoutMs: 50 }),
    );
    expect(error).toMatchObject({ code: 'REQUEST_FAILED', details: { reason: 'TIMEOUT' } });
    expect(server.seen).toHaveLength(1);
  });

  test('a body that stalls after the headers ends as REQUEST_FAILED', async () => {
    const server = await serve((_request, response) => response.write('half'));
    const error = await failureOf(
      client(server)({ method: 'GET', url: server.url, timeoutMs: 50 }),
    );
    expect(error.details).toEqual({ reason: 'TIMEOUT' });
  });

  test('a foreign origin or a malformed URL is refused without a call', async () => {
    const server = await serve(answer(200));
    const foreign = await serve(answer(200));
    const send = client(server);
    for (const url of [foreign.url, '/relative', 'file:///etc/passwd', `${server.url}0/`]) {
      expect((await failureOf(send({ method: 'GET', url }))).code).toBe('URL_NOT_ALLOWED');
    }
    expect(foreign.seen).toHaveLength(0);
  });

  test('a malformed allowed origin stops the start', () => {
    expect(() => createHttp({ allowedOrigins: ['nonsense'], userAgent: 'u/1' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

describe('retry of transport hiccups', () => {
  test.each([
    ['429', answer(429)],
    ['502 in HTML', answer(502, '<html>Bad gateway</html>')],
    ['503', answer(503)],
    ['504', answer(504)],
    ['a torn connection', hangUp],
  ])('%s is tried again for an idempotent request', async (_name, hiccup) => {
    const server = await serve(hiccup, hiccup, answer(200, 'ok'));
    expect((await client(server)({ method: 'GET', url: server.url })).text).toBe('ok');
    expect(server.seen).toHaveLength(3);
  });

  test.each([
    ['503', answer(503)],
    ['a torn connection', hangUp],
  ])('%s is never tried again for a plain POST', async (_name, hiccup) => {
    const server = await serve(hiccup, answer(200));
    const error = await failureOf(client(server)({ method: 'POST', url: server.url, body: '{}' }));
    expect(error).toMatchObject({ code: 'REQUEST_FAILED', retryable: true });
    expect(server.seen).toHaveLength(1);
  });

  test('a POST declared idempotent is tried again', async () => {
    const server = await serve(hangUp, answer(200, 'ok'));
    const send = client(server);
    const response = await send({ method: 'POST', url: server.url, body: '{}', idempotent: true });
    expect(response.text).toBe('ok');
  });

  test('a throttled plain POST is tried again, as nothing was done', async () => {
    const server = await serve(answer(429), answer(200, 'ok'));
    expect((await client(server)({ method: 'POST', url: server.url })).text).toBe('ok');
  });

  test('a refused connection ends as REQUEST_FAILED and names the reason', async () => {
    const server = await serve(answer(200));
    await server.close();
    const error = await failureOf(client(server)({ method: 'POST', url: `${server.url}/a` }));
    expect(error).toMatchObject({ code: 'REQUEST_FAILED', details: { reason: 'ECONNREFUSED' } });
  });

  test('a wait longer than the budget is not slept but reported', async () => {
    const server = await serve(answer(429, '', { 'retry-after': '30' }));
    const error = await failureOf(client(server)({ method: 'GET', url: server.url }));
    expect(error).toMatchObject({ code: 'REQUEST_THROTTLED', retryAfterSeconds: 30 });
    expect(server.seen).toHaveLength(1);
  });

  test('a gateway status carries the wait the server asked for', async () => {
    const server = await serve(answer(503, '', { 'retry-after': '120' }));
    const error = await failureOf(client(server)({ method: 'GET', url: server.url }));
    expect(error).toMatchObject({ code: 'REQUEST_FAILED', retryAfterSeconds: 120 });
  });

  test('a fresh token is asked for on every attempt', async () => {
    const server = await serve(answer(503), answer(200));
    let asked = 0;
    const send = client(server, { token: async () => `t${++asked}` });
    await send({ method: 'GET', url: server.url });
    expect(server.seen.map((call) => call.headers['authorization'])).toEqual([
      'Bearer t1',
      'Bearer t2',
    ]);
  });
});

describe('error texts', () => {
  test('no failure path lets query values, bodies, tokens or key literals into the error', async () => {
    const canary = 'CANARY';
    const url = (server: ScriptedServer) => `${server.url}/Patient/1('${canary}')?name=${canary}`;
    const busy = await serve(answer(429, canary, { 'retry-after': '99' }));
    const down = await serve(answer(502, canary, { 'retry-after': '99' }));
    const torn = await serve(hangUp);
    const large = await serve(answer(200, canary.repeat(100)));
    const garbage = await serve((request) => request.socket.end(`${canary} not http`));
    for (const server of [busy, down, torn, large, garbage]) {
      const error = await failureOf(
        client(server)({ method: 'POST', url: url(server), body: canary, maxResponseBytes: 50 }),
      );
      expect(`${error.message} ${JSON.stringify(error.details)}`).not.toContain(canary);
      expect(error.cause).toBeUndefined();
      expect(error.message).toContain('/Patient/1');
    }
    const malformed = client(busy, { token: async () => `${canary}\n` });
    expect((await failureOf(malformed({ method: 'GET', url: busy.url }))).code).toBe(
      'REQUEST_THROTTLED',
    );
    const worse = client(busy, { token: async () => `${canary}\u0000` });
    expect((await failureOf(worse({ method: 'GET', url: busy.url }))).message).not.toContain(
      canary,
    );
  });
});

describe('parseRetryAfter', () => {
  const now = Date.UTC(2026, 0, 1);

  test.each([
    [{}, undefined],
    [{ 'retry-after': '7' }, 7],
    [{ 'retry-after': ' 0 ' }, 0],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:01:00 GMT' }, 60],
    [{ 'retry-after': 'Wed, 31 Dec 2025 00:00:00 GMT' }, 0],
    [{ 'retry-after': '99999999999' }, 86_400],
    [{ 'retry-after': '-1' }, undefined],
    [{ 'retry-after': 'soon' }, undefined],
    [{ 'x-ms-retry-after-ms': '250', 'retry-after': '1' }, 0.25],
    [{ 'x-ms-retry-after-ms': 'x', 'retry-after': '1' }, 1],
  ])('%j means %s seconds', (headers, seconds) => {
    expect(parseRetryAfter(new Headers(headers as Record<string, string>), now)).toBe(seconds);
  });

  test('any header value gives undefined or a wait between zero and one day', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ -~]*$/), (value) => {
        const seconds = parseRetryAfter(new Headers({ 'retry-after': value }), now);
        return seconds === undefined || (seconds >= 0 && seconds <= 86_400);
      }),
    );
  });
});
