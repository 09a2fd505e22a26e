import type { DurableEngine } from '../engine/index.ts';
import type { Reply } from './reply.ts';
import type { HostRequest } from './request.ts';

// Paths ignore case on Azure; instance ids behind this one do not.
const publicPath = /^\/runtime\/webhooks\/durabletask/i;

/** Passes a request to the durable management API and its answer back. */
export async function manageDurable(engine: DurableEngine, request: HostRequest): Promise<Reply> {
  const { method, body } = request;
  const url = new URL(request.url);
  url.pathname = url.pathname.replace(publicPath, '/runtime/webhooks/durabletask');
  const headers = new Headers();
  for (const [name, value] of Object.entries(request.headers)) {
    if (typeof value === 'string') headers.set(name, value);
  }
  const bodyless = method === 'GET' || method === 'HEAD' || body.length === 0;
  const response = await engine.handleManagement(
    new Request(url, { method, headers, ...(bodyless ? {} : { body: new Uint8Array(body) }) }),
  );
  const bytes = new Uint8Array(await response.arrayBuffer());
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: bytes.length === 0 ? undefined : bytes,
  };
}
