import { afterAll, beforeAll } from 'vitest';
import { type Json, type Reply, type RunningApp, startRunningApp } from './running-app.ts';

interface Attribute extends Json {
  readonly column?: string;
}

export interface MapContent extends Json {
  readonly attributes: readonly Attribute[];
}

export interface Listed extends Json {
  readonly kind: string;
  readonly name: string;
  readonly status: string;
}

export const problemType = 'application/problem+json';

export const urlOf = (kind: string, name: string, rest = '') =>
  `/api/maps/${kind}/${encodeURIComponent(name)}${rest}`;

/** The map with one of its attributes changed. */
export function withAttribute(map: MapContent, column: string, change: object): MapContent {
  return {
    ...map,
    attributes: map.attributes.map((attribute) =>
      attribute.column === column ? { ...attribute, ...change } : attribute,
    ),
  };
}

/** `/api/maps` of an app that runs while the tests of this file do. */
export function mapsOfRunningApp() {
  let running: RunningApp | undefined;
  beforeAll(async () => {
    running = await startRunningApp();
  }, 120_000);
  afterAll(() => running?.stop());
  const app = () => running!;
  const send = (
    method: string,
    url: string,
    body?: object | string,
    headers = {},
  ): Promise<Reply> =>
    app().call(method, url, {
      headers,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    app,
    send,
    read: async (kind: string, name: string) => {
      const { etag, body } = await send('GET', urlOf(kind, name));
      return { etag: etag ?? '', body, content: body['content'] as MapContent };
    },
    mapPack: async () => (await send('GET', '/api/status')).body['mapPack'],
    listed: async (kind: string, name: string): Promise<Listed | undefined> => {
      const { body } = await send('GET', '/api/maps');
      return (body['maps'] as Listed[]).find((map) => map.kind === kind && map.name === name);
    },
  };
}
