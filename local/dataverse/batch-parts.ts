import type { ApiRequest } from './api-message.ts';
import { DataverseError } from './protocol-error.ts';

/** One request inside a batch. */
export interface BatchRequest {
  readonly kind: 'request';
  /** `Content-ID` of the part. */
  readonly contentId: string | undefined;
  readonly request: ApiRequest;
}

/** Requests that succeed or fail together. */
export interface ChangeSet {
  readonly kind: 'changeset';
  readonly requests: readonly BatchRequest[];
}

export type BatchItem = BatchRequest | ChangeSet;

function malformed(detail: string): DataverseError {
  return new DataverseError(400, '0x80060888', `The batch is malformed: ${detail}`);
}

function boundaryOf(contentType: string | undefined): string {
  const match = /^multipart\/mixed\s*;.*boundary="?([^";,\s]+)"?/i.exec(contentType ?? '');
  if (match?.[1] === undefined) {
    throw malformed("the content type is not 'multipart/mixed' with a boundary.");
  }
  return match[1];
}

/** Where the next boundary line starts; a longer boundary with the same beginning is none. */
function findMarker(text: string, marker: string, from: number): number {
  let at = text.indexOf(marker, from);
  while (at >= 0) {
    const isLineStart = at === 0 || text[at - 1] === '\n';
    if (
      isLineStart &&
      /^(?:--)?[ \t]*(?:\r?\n|$)/.test(text.slice(at + marker.length, at + marker.length + 8))
    ) {
      return at;
    }
    at = text.indexOf(marker, at + 1);
  }
  return -1;
}

/** Texts between the boundary lines, without the line break that belongs to a boundary. */
function splitParts(text: string, boundary: string): readonly string[] {
  const marker = `--${boundary}`;
  const parts: string[] = [];
  let start = findMarker(text, marker, 0);
  while (start >= 0) {
    const from = start + marker.length;
    if (text.startsWith('--', from)) {
      return parts;
    }
    const end = findMarker(text, marker, from);
    if (end < 0) {
      break;
    }
    const tail = text[end - 2] === '\r' ? end - 2 : end - 1;
    parts.push(text.slice(text.indexOf('\n', from) + 1, tail));
    start = end;
  }
  throw malformed('the closing boundary is missing.');
}

interface Block {
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly rest: string;
}

/** Header lines up to the blank line, and what follows it. */
function readHeaders(text: string): Block {
  const headers: Record<string, string> = {};
  let at = 0;
  while (at < text.length) {
    const found = text.indexOf('\n', at);
    const end = found < 0 ? text.length : found;
    const line = text.slice(at, end).trimEnd();
    at = end + 1;
    if (line === '') {
      break;
    }
    const colon = line.indexOf(':');
    if (colon > 0) {
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
  }
  return { headers, rest: text.slice(at) };
}

const apiRoot = /^(?:https?:\/\/[^/]+)?\/?api\/data\/v9\.\d+\//i;
const requestLine = /^(GET|POST|PATCH|PUT|DELETE|HEAD)\s+(\S+)\s+HTTP\/1\.[01]\s*$/;

function readRequest(part: Block): BatchRequest {
  const text = part.rest.trimStart();
  const lineEnd = text.indexOf('\n');
  const line = requestLine.exec(lineEnd < 0 ? text : text.slice(0, lineEnd));
  const [, method, url] = line ?? [];
  if (method === undefined || url === undefined) {
    throw malformed("a part does not start with a line such as 'GET /api/data/v9.2/x HTTP/1.1'.");
  }
  const { headers, rest } = readHeaders(lineEnd < 0 ? '' : text.slice(lineEnd + 1));
  const relative = url.replace(apiRoot, '').replace(/^\//, '');
  const question = relative.indexOf('?');
  return {
    kind: 'request',
    contentId: part.headers['content-id'] ?? headers['content-id'],
    request: {
      method,
      path: question < 0 ? relative : relative.slice(0, question),
      query: question < 0 ? '' : relative.slice(question + 1),
      headers,
      body: rest,
    },
  };
}

function readItem(text: string, mayNest: boolean): BatchItem {
  const part = readHeaders(text);
  const type = part.headers['content-type'] ?? '';
  if (/^application\/http/i.test(type)) {
    return readRequest(part);
  }
  if (!mayNest) {
    throw malformed("the parts of a change set are 'application/http'.");
  }
  const requests = splitParts(part.rest, boundaryOf(type)).map((inner) => readItem(inner, false));
  const plain = requests.filter((item) => item.kind === 'request');
  if (plain.some((item) => item.request.method === 'GET')) {
    throw malformed('a change set cannot hold GET requests.');
  }
  return { kind: 'changeset', requests: plain };
}

/** Facts A4: the most requests one batch may hold. */
const maxRequests = 1000;

/** Reads a multipart batch body. Throws 400 for bad form and for too many requests. */
export function readBatch(body: string, contentType: string | undefined): readonly BatchItem[] {
  const items = splitParts(body, boundaryOf(contentType)).map((part) => readItem(part, true));
  const count = items.reduce(
    (sum, item) => sum + (item.kind === 'request' ? 1 : item.requests.length),
    0,
  );
  if (count > maxRequests) {
    throw new DataverseError(
      400,
      '0x80040203',
      `The batch holds ${count} requests; the most is ${maxRequests}.`,
    );
  }
  return items;
}
