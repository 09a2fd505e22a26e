import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { onTestFinished } from 'vitest';

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

export interface IgServerOptions {
  /** STU4 takes POST of Parameters only; the releases before take GET. */
  readonly release?: 'stu3' | 'stu4';
  /** Answers of the first polls, in order, before the job is done. */
  readonly polls?: readonly Reply[];
  /** NDJSON by file name; the part before the dash is the type. */
  readonly files?: Readonly<Record<string, string>>;
  readonly deleted?: Readonly<Record<string, string>>;
  readonly errors?: Readonly<Record<string, string>>;
  /** Files named on one page of the manifest; all by default. */
  readonly filesPerPage?: number;
  readonly requiresAccessToken?: boolean;
  readonly separateStatus?: boolean;
}

export interface SeenCall {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface IgServer {
  readonly url: string;
  readonly calls: readonly SeenCall[];
  /** Ends every link given so far: they answer 403 from now on. */
  expireLinks(): void;
}

export const transactionTime = '2026-03-01T10:20:30.123Z';
export const token = 'secret-token';

/**
 * A bulk data server by the text of the Bulk Data Access IG (export.md, async.md): strict where
 * the IG binds a client (Accept, Prefer, Parameters, token only when it is asked for).
 */
export async function igServer(options: IgServerOptions = {}): Promise<IgServer> {
  const calls: SeenCall[] = [];
  const state = { options, origin: '', signature: 1, polls: 0, deleted: false, separate: false };
  const server = createServer(async (request, response) => {
    const body = await text(request);
    const { method = '', url = '', headers } = request;
    const call = { method, url, headers, body };
    calls.push(call);
    send(response, answer(call, state), headers['accept-encoding'] ?? '');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  state.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: `${state.origin}/fhir`,
    calls,
    expireLinks: () => {
      state.signature += 1;
    },
  };
}

interface State {
  readonly options: IgServerOptions;
  origin: string;
  signature: number;
  polls: number;
  deleted: boolean;
  separate: boolean;
}

function answer(call: SeenCall, state: State): Reply & { readonly ndjson?: string } {
  const { pathname, searchParams } = new URL(call.url, state.origin);
  if (pathname === '/fhir/$export') return kickOff(call, state);
  if (pathname === '/jobs/1') return call.method === 'DELETE' ? end(state) : poll(call, state);
  if (pathname.startsWith('/files/')) {
    return file(call, state, { name: pathname.slice(7), signature: searchParams.get('sig') });
  }
  return refusal(404, 'not-found');
}

function kickOff(call: SeenCall, state: State): Reply {
  const prefer = (call.headers['prefer'] ?? '').toString().split(/,\s*/);
  if (call.headers.authorization !== `Bearer ${token}`) return refusal(401, 'login');
  if (call.headers.accept !== 'application/fhir+json' || !prefer.includes('respond-async')) {
    return refusal(400, 'required');
  }
  if (state.options.release === 'stu4') {
    if (call.method !== 'POST') return refusal(405, 'not-supported');
    const { resourceType, parameter } = JSON.parse(call.body);
    const sound =
      resourceType === 'Parameters' &&
      parameter.every((p: { name: string; valueString?: string; valueInstant?: string }) =>
        p.name === '_type' ? !p.valueString?.includes(',') : p.valueInstant !== undefined,
      );
    if (!sound) return refusal(400, 'invalid');
  } else if (call.method !== 'GET') {
    return refusal(405, 'not-supported');
  }
  state.separate =
    state.options.separateStatus === true && prefer.includes('separate-export-status');
  return {
    status: 202,
    headers: {
      'content-location': `${state.origin}/jobs/1`,
      ...(state.separate ? { 'preference-applied': 'respond-async, separate-export-status' } : {}),
    },
  };
}

function poll(call: SeenCall, state: State): Reply {
  if (call.headers.authorization !== `Bearer ${token}`) return refusal(401, 'login');
  if (state.deleted) return refusal(404, 'not-found');
  const { polls = [] } = state.options;
  const scripted = polls[state.polls];
  state.polls += 1;
  const reply = scripted ?? manifest(call, state);
  if (!state.separate || reply.status === 401 || reply.status === 429) return reply;
  const headers = { ...reply.headers, 'x-export-status': `${reply.status} Whatever` };
  return { ...reply, status: 200, headers };
}

function manifest(call: SeenCall, state: State): Reply {
  const { options, origin, signature } = state;
  const page = Number(new URL(call.url, origin).searchParams.get('page') ?? 0);
  const link = (name: string) => `${origin}/files/${name}?sig=${signature}`;
  const list = (files: Readonly<Record<string, string>> = {}) =>
    Object.entries(files).map(([name, ndjson]) => ({
      type: name.split('-')[0],
      url: link(name),
      count: ndjson.split('\n').filter((line) => line.trim() !== '').length,
    }));
  const files = list(options.files);
  const { filesPerPage = Math.max(files.length, 1) } = options;
  const start = page * filesPerPage;
  const isLast = start + filesPerPage >= files.length;
  const errors = { [options.release === 'stu4' ? 'outcome' : 'error']: list(options.errors) };
  return {
    status: 200,
    headers: { expires: 'Sun, 01 Mar 2026 11:00:00 GMT' },
    body: {
      transactionTime,
      request: `${origin}/fhir/$export`,
      requiresAccessToken: options.requiresAccessToken ?? true,
      output: files.slice(start, start + filesPerPage),
      ...(page === 0 ? { deleted: list(options.deleted), ...errors } : { error: [] }),
      ...(isLast ? {} : { link: [{ relation: 'next', url: `/jobs/1?page=${page + 1}` }] }),
    },
  };
}

function end(state: State): Reply {
  if (state.deleted) return refusal(404, 'not-found');
  state.deleted = true;
  return { status: 202 };
}

function file(
  call: SeenCall,
  { options, signature }: State,
  asked: { readonly name: string; readonly signature: string | null },
): Reply & { readonly ndjson?: string } {
  const authorized = call.headers.authorization === `Bearer ${token}`;
  const required = options.requiresAccessToken ?? true;
  if (required && !authorized) return refusal(401, 'login');
  // A signed link with a second credential is refused by S3 and by Azure, as the IG warns.
  if (!required && call.headers.authorization !== undefined) return refusal(400, 'security');
  if (asked.signature !== String(signature)) return { status: 403, body: '<Error/>' };
  const all = { ...options.files, ...options.deleted, ...options.errors };
  const ndjson = all[asked.name];
  return ndjson === undefined ? refusal(404, 'not-found') : { status: 200, ndjson };
}

export function refusal(status: number, code: string, headers = {}): Reply {
  return {
    status,
    headers,
    body: {
      resourceType: 'OperationOutcome',
      issue: [{ severity: 'error', code, diagnostics: 'CANARY Jane Doe' }],
    },
  };
}

function send(
  response: ServerResponse,
  reply: Reply & { readonly ndjson?: string },
  accepted: string | string[],
): void {
  const { status, headers = {}, body, ndjson } = reply;
  if (ndjson === undefined) {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : body === undefined ? '' : JSON.stringify(body));
    return;
  }
  const zip = String(accepted).includes('gzip');
  response.writeHead(status, {
    'content-type': 'application/fhir+ndjson',
    ...(zip ? { 'content-encoding': 'gzip' } : {}),
  });
  response.end(zip ? gzipSync(ndjson) : ndjson);
}
