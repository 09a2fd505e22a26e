import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { cachedToken, createTokenProvider } from '../../../shared/identity/index.ts';

const scope = 'https://org.example/.default';
const minute = 60_000;

describe('a cached token', () => {
  function clockAndIssuer(lifetimeMs: number) {
    const state = { now: 0, issued: 0, down: false };
    const token = cachedToken({
      now: () => state.now,
      acquire: async () => {
        if (state.down) {
          throw new AppError('TOKEN_UNAVAILABLE', 'down');
        }
        state.issued += 1;
        return { token: `t${state.issued}`, expiresOnTimestamp: state.now + lifetimeMs };
      },
    });
    return { state, token };
  }

  test('is asked for once by many callers at the same time', async () => {
    const { state, token } = clockAndIssuer(60 * minute);
    const tokens = await Promise.all(Array.from({ length: 50 }, () => token()));
    expect(new Set(tokens)).toEqual(new Set(['t1']));
    expect(state.issued).toBe(1);
  });

  test('is renewed five minutes before its end', async () => {
    const { state, token } = clockAndIssuer(60 * minute);
    await token();
    state.now = 55 * minute - 1;
    expect(await token()).toBe('t1');
    state.now = 55 * minute;
    expect(await token()).toBe('t2');
  });

  test('outlives a failing renewal until shortly before its end', async () => {
    const { state, token } = clockAndIssuer(60 * minute);
    await token();
    state.down = true;
    state.now = 56 * minute;
    expect(await token()).toBe('t1');
    state.now = 60 * minute - 10_000;
    await expect(token()).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    state.down = false;
    expect(await token()).toBe('t2');
  });

  test('that lives shorter than the renewal margin is still handed out', async () => {
    const { state, token } = clockAndIssuer(2 * minute);
    expect(await token()).toBe('t1');
    state.now = minute;
    expect(await token()).toBe('t2');
  });
});

describe('mode none', () => {
  test.each(['http://127.0.0.1:8081', 'http://localhost', 'http://[::1]:80', 'http://127.9.9.9'])(
    'is accepted for %s and gives no provider',
    (url) => {
      expect(createTokenProvider({ mode: 'none', url, scope })).toBeUndefined();
    },
  );

  test.each([
    'https://org.crm.dynamics.com',
    'http://127.0.0.1.evil.example',
    'http://10.0.0.1',
    '',
  ])('is refused for "%s"', (url) => {
    expect(() => createTokenProvider({ mode: 'none', url, scope })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

describe('mode client-credentials', () => {
  test('without its three settings is refused at the start', () => {
    const settings = { mode: 'client-credentials', url: 'https://x.example', scope } as const;
    expect(() => createTokenProvider({ ...settings, tenantId: 't', clientId: 'c' })).toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});

describe('mode managed-identity, against a local identity endpoint', () => {
  const names = ['IDENTITY_ENDPOINT', 'IDENTITY_HEADER'] as const;
  const before = names.map((name) => process.env[name]);
  const closers: (() => void)[] = [];
  afterEach(() => {
    closers.splice(0).forEach((close) => {
      close();
    });
    names.forEach((name, index) => {
      const value = before[index];
      if (value === undefined) {
        delete process.env[name];
      } else {
        process.env[name] = value;
      }
    });
  });

  async function identityEndpoint(status: number, body: object): Promise<{ calls: string[] }> {
    const calls: string[] = [];
    const server = createServer((request, response) => {
      calls.push(request.url ?? '');
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    closers.push(() => server.close().closeAllConnections());
    process.env['IDENTITY_ENDPOINT'] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    process.env['IDENTITY_HEADER'] = 'header';
    return { calls };
  }

  test('the token of the app identity is fetched once and reused', async () => {
    const expires = String(Math.floor(Date.now() / 1000) + 3600);
    const endpoint = await identityEndpoint(200, {
      access_token: 'issued-token',
      expires_on: expires,
      resource: 'https://org.example',
      token_type: 'Bearer',
      client_id: 'c',
    });
    const token = createTokenProvider({
      mode: 'managed-identity',
      url: 'https://org.example',
      scope,
    })!;
    expect(await Promise.all([token(), token()])).toEqual(['issued-token', 'issued-token']);
    expect(await token()).toBe('issued-token');
    expect(endpoint.calls).toHaveLength(1);
    expect(endpoint.calls[0]).toContain('resource=https');
  });

  test('a refusal ends as TOKEN_UNAVAILABLE without the words of the vendor', async () => {
    await identityEndpoint(403, { error: 'invalid', error_description: 'CANARY' });
    const token = createTokenProvider({
      mode: 'managed-identity',
      url: 'https://org.example',
      scope: 'https://another.example/.default', // the vendor's library caches per scope
    })!;
    const error = await token().then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({ code: 'TOKEN_UNAVAILABLE', retryable: true });
    expect(String(error)).not.toContain('CANARY');
    expect((error as AppError).cause).toBeUndefined();
  });
});
