import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, fixture, type HostProcess, startApp } from './host-process.ts';

let host: HostProcess;
beforeAll(async () => {
  host = await startApp(fixture('typescript-app'), ['--body-limit', '1000'], {
    OVERRIDDEN: 'from environment',
  });
});
afterAll(() => host.kill());

interface Described {
  readonly idle?: boolean;
  readonly engine?: unknown;
  readonly invocations?: Record<
    string,
    { readonly running: number; readonly failed: number; readonly succeeded: number }
  >;
}

const call = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`${host.url}${path}`, init);
const described = async (path: string, init?: RequestInit) =>
  (await (await call(path, init)).json()) as Described;

describe('an HTTP function', () => {
  it('sees method, address, parameters, query, headers and the body byte for byte', async () => {
    const body = Buffer.from([0, 1, 2, 250, 255]);
    const seen = await described('/api/echo/a%20b?x=1&y=%C3%A9', {
      method: 'POST',
      headers: {
        'x-test': 'yes',
        traceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
      },
      body,
    });
    expect(seen).toEqual({
      function: 'echo',
      method: 'POST',
      url: `${host.url}/api/echo/a%20b?x=1&y=%C3%A9`,
      params: { first: 'a b' },
      query: { x: '1', y: 'é' },
      header: 'yes',
      body: body.toString('base64'),
      traceParent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    });
  });

  it.each([
    ['/api/items/7', 'itemNumber', { id: '7' }],
    ['/api/items/0', 'itemName', { name: '0' }],
    ['/api/items/abc', 'itemName', { name: 'abc' }],
    ['/api/items/special', 'itemSpecial', {}],
    ['/API/Items/SPECIAL/', 'itemSpecial', {}],
    ['/api/files/a/b/c.txt', 'files', { path: 'a/b/c.txt' }],
    ['/api/files', 'files', {}],
    ['/api/reports/june.pdf', 'report', { name: 'june', format: 'pdf' }],
    ['/api/echo/one/two', 'echo', { first: 'one', second: 'two' }],
  ])('%s is answered by %s', async (path, name, params) => {
    expect(await described(path)).toMatchObject({ function: name, params });
  });

  it('decides status, headers, cookies and body of the answer', async () => {
    const answer = await call('/api/teapot');
    expect(answer.status).toBe(418);
    expect(answer.headers.get('x-pot')).toBe('tea');
    expect(answer.headers.getSetCookie()).toEqual(['a=1; HttpOnly', 'b=2; Path=/']);
    expect(await answer.text()).toBe('short and stout');
    const bytes = await (await call('/api/bytes')).arrayBuffer();
    expect([...new Uint8Array(bytes)]).toEqual([0, 255, 128]);
  });

  it('answers 204 when it returns nothing, and 500 without a word when it throws', async () => {
    expect((await call('/api/nothing')).status).toBe(204);
    const failed = await call('/api/fails');
    expect([failed.status, await failed.text()]).toEqual([500, '']);
    expect(host.log()).toContain('error       fails: failed. Error: this one always fails');
  });

  it('reads its settings from local.settings.json, and the environment wins', async () => {
    expect(await described('/api/settings')).toEqual({
      greeting: 'hello from settings',
      overridden: 'from environment',
    });
  });

  it('passes through the hooks of the app, which may change input, handler, result and error', async () => {
    expect(await described('/api/hooked')).toEqual({
      wrapped: { replaced: 'input' },
      after: 'before',
    });
    const rescued = await call('/api/rescued');
    expect([rescued.status, await rescued.text()]).toEqual([200, 'rescued']);
  });

  it('logs by level, after log hooks had their say', async () => {
    await call('/api/logs');
    expect(host.log()).toMatch(/^\S+Z warning {5}logs: warning line 7$/m);
    expect(host.log()).toMatch(
      /^\S+Z warning {5}logs: information line of logs, raised by a hook$/m,
    );
    expect(host.log()).not.toContain('information line\n');
  });
});

describe('the door of HTTP functions refuses', () => {
  it.each([
    ['an unknown route', '/api/nowhere', {}, 404, 'No function has a route'],
    ['a path outside the prefix', '/elsewhere', {}, 404, 'Functions are below /api'],
    ['a wrong method, with 404 as Azure does', '/api/teapot', { method: 'POST' }, 404, 'GET only'],
    ['a missing function key', '/api/secured', {}, 401, 'function or master key'],
    ['a wrong function key', '/api/secured?code=wrong', {}, 401, 'function or master key'],
    ['a missing admin key', '/api/manage', {}, 401, 'master key'],
    [
      'a body over the limit',
      '/api/echo/a',
      { method: 'POST', body: 'x'.repeat(1001) },
      413,
      '1000 bytes at most',
    ],
    ['an unknown webhook', '/runtime/webhooks/blobs', { method: 'POST' }, 404, 'webhook'],
    ['an unknown control path', '/_control/else', {}, 404, '/_control/status'],
  ])('%s', async (_, path, init, status, text) => {
    const answer = await call(path, init);
    expect(answer.status).toBe(status);
    expect(answer.headers.get('content-type')).toBe('application/problem+json');
    const problem: unknown = await answer.json();
    expect(problem).toMatchObject({ status, detail: expect.stringContaining(text) });
  });

  it('a function key at an admin function, and takes the right keys either way', async () => {
    const { function: functionKey, master } = host.keys;
    expect((await call(`/api/manage?code=${functionKey}`)).status).toBe(401);
    expect((await call(`/api/manage?code=${master}`)).status).toBe(200);
    expect((await call(`/api/secured?code=${functionKey}`)).status).toBe(200);
    const header = { headers: { 'x-functions-key': master } };
    expect((await call('/api/secured', header)).status).toBe(200);
  });

  it('a request line that is no path', async () => {
    const answer = await raw('GET http://[bad HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('a body that is longer than announced limits even when it comes in chunks', async () => {
    const chunk = `200\r\n${'y'.repeat(512)}\r\n`;
    const answer = await raw(
      `POST /api/echo/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}${chunk}0\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
  });
});

function raw(text: string): Promise<string> {
  const { port } = new URL(host.url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(port), '127.0.0.1', () => socket.end(text));
    socket.on('data', (chunk) => {
      answer += chunk.toString('utf8');
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('admin and control paths', () => {
  const withKey = (init: RequestInit = {}): RequestInit => ({
    ...init,
    headers: { 'x-functions-key': host.keys.master },
  });

  it('list the functions with their addresses to the holder of the master key only', async () => {
    expect((await call('/admin/functions')).status).toBe(401);
    expect((await call(`/admin/functions?code=${host.keys.function}`)).status).toBe(401);
    const list = await described('/admin/functions', withKey());
    expect(list).toContainEqual(
      expect.objectContaining({
        name: 'itemNumber',
        invoke_url_template: `${host.url}/api/items/{id:int:min(1)}`,
      }),
    );
    expect(await described('/admin/host/status')).toMatchObject({ state: 'Running' });
  });

  it('run a function by hand and answer 202 before it has ended', async () => {
    const input = { id: 'by-hand', data: { n: 1 } };
    const init = { method: 'POST', body: JSON.stringify({ input: JSON.stringify(input) }) };
    expect((await call('/admin/functions/ONEEVENT', withKey(init))).status).toBe(202);
    await eventually(async () =>
      JSON.stringify(await described('/api/journal')).includes('by-hand'),
    );
  });

  it('run a timer by hand, without any body', async () => {
    const init = { method: 'POST' };
    expect((await call('/admin/functions/onStartup', withKey(init))).status).toBe(202);
    await eventually(async () => {
      const { invocations } = await described('/_control/status');
      return (invocations?.['onStartup']?.succeeded ?? 0) >= 2;
    });
  });

  it.each([
    ['an unknown function', 'unknown', '{}', 404],
    ['a body that is not JSON', 'oneEvent', '{"input":', 400],
    ['a body that is no object', 'oneEvent', '[1]', 400],
    ['a function that is not run by hand', 'echo', '{}', 400],
  ])('refuse %s', async (_, name, body, status) => {
    const answer = await call(`/admin/functions/${name}`, withKey({ method: 'POST', body }));
    expect(answer.status).toBe(status);
  });

  it('tell what is running and who called', async () => {
    const slow = call('/api/slow', { headers: { 'user-agent': 'counting/1.0' } });
    await eventually(async () => {
      const status = await described('/_control/status');
      return status.invocations?.['slow']?.running === 1;
    });
    const busy = await described('/_control/status');
    expect(busy).toMatchObject({ idle: false, calls: { counting: 1 } });
    await call('/api/release');
    expect(await (await slow).text()).toBe('finished');
    const idle = await eventually(async () => {
      const status = await described('/_control/status');
      return status.idle && status;
    });
    expect(idle.engine).toEqual({ running: 0, pending: 0, waitingActivities: 0 });
    expect(idle.invocations?.['fails']).toMatchObject({ running: 0, failed: 1 });
  });
});
