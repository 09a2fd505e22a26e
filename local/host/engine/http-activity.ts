import { isObject, type JsonObject } from './actions.ts';
import { exchange } from './http-exchange.ts';

const defaultPollMs = 30_000;

export const httpActivityName = 'BuiltIn::HttpActivity';

function header(headers: unknown, name: string): string | undefined {
  if (!isObject(headers)) return undefined;
  const key = Object.keys(headers).find((k) => k.toLowerCase() === name);
  const value = key === undefined ? undefined : headers[key];
  return typeof value === 'string' ? value : undefined;
}

function parse(json: string | undefined): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(json ?? 'null');
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The next poll of an asynchronous HTTP operation: GET on Location, without the function key. */
export function pollTarget(
  result: string | undefined,
  request: unknown,
): { readonly afterMs: number; readonly request: JsonObject } | undefined {
  const response = parse(result);
  const location = header(response?.['headers'], 'location');
  if (response?.['statusCode'] !== 202 || location === undefined) return undefined;
  const seconds = Number(header(response['headers'], 'retry-after'));
  const afterMs = Number.isFinite(seconds) && seconds > 0 ? seconds * 1000 : defaultPollMs;
  const before = isObject(request) ? request : {};
  const uri = typeof before['uri'] === 'string' ? new URL(location, before['uri']).href : location;
  const headers = Object.fromEntries(
    Object.entries(isObject(before['headers']) ? before['headers'] : {}).filter(
      ([name]) => name.toLowerCase() !== 'x-functions-key',
    ),
  );
  return { afterMs, request: { ...before, method: 'GET', uri, headers, content: undefined } };
}

const contentHeader = /^(content-|allow$|expires$|last-modified$)/;

function titleCase(name: string): string {
  return name.replace(
    /(^|-)([a-z])/g,
    (_, dash: string, letter: string) => dash + letter.toUpperCase(),
  );
}

function requestHeaders(value: unknown): Record<string, string> {
  const given = Object.entries(isObject(value) ? value : {});
  return Object.fromEntries(given.map(([name, text]) => [name.toLowerCase(), String(text)]));
}

/**
 * The built-in activity behind callHttp. Content headers are left out of the
 * answer and a body without a type is text/plain, as recorded (conformance
 * finding 27).
 */
export async function callHttp(inputJson: string | null): Promise<unknown> {
  const request = parse(inputJson ?? undefined) ?? {};
  const uri = request['uri'];
  const method = request['method'];
  if (typeof uri !== 'string') throw new TypeError('callHttp needs a url');
  const headers = requestHeaders(request['headers']);
  const content = request['content'];
  const body = typeof content === 'string' && content !== '' ? content : undefined;
  if (body !== undefined) headers['content-type'] ??= 'text/plain';
  const answer = await exchange({
    method: typeof method === 'string' ? method : 'GET',
    url: new URL(uri),
    headers,
    body,
  });
  const kept = answer.headers.filter(([name]) => !contentHeader.test(name.toLowerCase()));
  return {
    statusCode: answer.status,
    headers: Object.fromEntries(kept.map(([name, value]) => [titleCase(name), value])),
    content: answer.body,
  };
}
