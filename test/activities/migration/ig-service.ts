import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';
import { startFhir } from '../../../local/fhir/index.ts';
import { type IgServer, type IgServerOptions, igServer } from '../../shared/bulk/ig-server.ts';

export interface IgService {
  readonly url: string;
  /** Its plain FHIR API, to fill it. */
  readonly plainUrl: string;
  /** Serves what it holds by `$export` from now on. */
  serve(options: IgServerOptions): Promise<IgServer>;
  /** Called before a file is answered. */
  beforeFile: (name: string) => void;
}

/** A FHIR service of another make: plain FHIR, and `$export` by the text of the Bulk Data Access IG. */
export async function startIgService(): Promise<IgService> {
  const plain = await startFhir({ port: 0 });
  let bulk: IgServer | undefined;
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await plain.close();
  });
  const service: IgService = {
    url: `${origin}/fhir`,
    plainUrl: plain.url,
    serve: async (options) => {
      bulk = await igServer(options);
      return bulk;
    },
    beforeFile: () => undefined,
  };
  return service;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    // The guide obliges nobody to search or keep a history of all types at once.
    if (request.method === 'GET' && /^\/fhir\/?(_history)?(\?|$)/.test(path)) {
      response.writeHead(400);
      response.end();
      return;
    }
    const isBulk = /^\/(jobs|files)\/|^\/fhir\/\$export/.test(path);
    if (path.startsWith('/files/')) service.beforeFile(path.slice(7).replace(/\?.*/, ''));
    const bulkOrigin = new URL(bulk?.url ?? plain.url).origin;
    const target = isBulk ? bulkOrigin + path : plain.url + path.replace(/^\/fhir/, '');
    const { accept, authorization, prefer } = request.headers;
    const type = request.headers['content-type'];
    const headers = { accept, authorization, prefer, 'content-type': type };
    const given = Object.entries(headers).filter(([, value]) => value !== undefined);
    const body = await buffer(request);
    const found = await fetch(target, {
      method: request.method ?? 'GET',
      headers: Object.fromEntries(given) as Record<string, string>,
      ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
    });
    const here = (text: string) => text.replaceAll(bulkOrigin, origin);
    const text = path === '/fhir/metadata' ? withExport(await found.text()) : await found.text();
    const passed = ['content-type', 'content-location', 'retry-after', 'expires', 'etag', 'date'];
    const kept = passed.flatMap((name) => {
      const value = found.headers.get(name);
      return value === null ? [] : [[name, here(value)] as const];
    });
    response.writeHead(found.status, Object.fromEntries(kept));
    response.end(here(text));
  }
}

function withExport(text: string): string {
  const statement = JSON.parse(text) as { rest: { operation: object[] }[] };
  const definition = 'http://hl7.org/fhir/uv/bulkdata/OperationDefinition/export';
  for (const rest of statement.rest) rest.operation = [{ name: 'export', definition }];
  return JSON.stringify({ ...statement, software: { name: 'Bulk server by the guide' } });
}
