import type { HttpCookie, HttpData, TypedData } from '../app/core-contract.ts';
import { emptyReply, type Reply } from './reply.ts';
import type { HostRequest } from './request.ts';

/** The request in the shape the programming model builds its HttpRequest from. */
export function toHttpData(
  { method, url, headers, body }: HostRequest,
  params: Readonly<Record<string, string>>,
): HttpData {
  const nullableHeaders: Record<string, { value: string }> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) {
      nullableHeaders[name] = { value: typeof value === 'string' ? value : value.join(', ') };
    }
  }
  const nullableParams: Record<string, { value: string }> = {};
  for (const name in params) nullableParams[name] = { value: params[name] ?? '' };
  return {
    method,
    url: url.href,
    nullableHeaders,
    nullableParams,
    body: body.length === 0 ? null : { bytes: body },
  };
}

/** What the function returned as an answer; nothing returned is 204, as on Azure. */
export function replyFrom(value: TypedData | null | undefined): Reply {
  const http = value?.http;
  if (http === null || http === undefined) return emptyReply(204);
  const headers: Record<string, string | readonly string[]> = {};
  // The sender frames its own body; a length or coding that disagreed would break the connection.
  for (const [name, text] of Object.entries(http.headers ?? {})) {
    if (!framing.has(name.toLowerCase())) headers[name] = text;
  }
  const cookies = http.cookies ?? [];
  if (cookies.length > 0) headers['set-cookie'] = cookies.map(cookieText);
  return { status: Number(http.statusCode ?? 200), headers, body: bodyOf(http.body) };
}

const framing = new Set(['content-length', 'transfer-encoding', 'connection']);

function bodyOf(body: TypedData | null | undefined): string | Uint8Array | undefined {
  return body?.bytes ?? body?.string ?? body?.json ?? undefined;
}

function cookieText(cookie: HttpCookie): string {
  const { domain, path, expires, maxAge, secure, httpOnly } = cookie;
  const seconds = expires?.value?.seconds;
  const sameSite = { lax: 'Lax', strict: 'Strict', explicitNone: 'None' }[cookie.sameSite ?? ''];
  return [
    `${encodeURIComponent(cookie.name)}=${encodeURIComponent(cookie.value)}`,
    ...(domain?.value ? [`Domain=${domain.value}`] : []),
    ...(path?.value ? [`Path=${path.value}`] : []),
    ...(seconds === undefined ? [] : [`Expires=${new Date(seconds * 1_000).toUTCString()}`]),
    ...(typeof maxAge?.value === 'number' ? [`Max-Age=${maxAge.value}`] : []),
    ...(secure?.value ? ['Secure'] : []),
    ...(httpOnly?.value ? ['HttpOnly'] : []),
    ...(sameSite === undefined ? [] : [`SameSite=${sameSite}`]),
  ].join('; ');
}
