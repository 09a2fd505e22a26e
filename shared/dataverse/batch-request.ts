import type { InnerRequest } from './inner-http.ts';

/**
 * The body of one `$batch` (facts A4): individual parts, no change set, CRLF everywhere, and two
 * blank lines after a part without a body. `boundary` must not start any line of a part.
 */
export function encodeBatch(requests: readonly InnerRequest[], boundary: string): string {
  const parts = requests.map((request) => `--${boundary}\r\n${encodePart(request)}`);
  return `${parts.join('')}--${boundary}--\r\n`;
}

function encodePart(request: InnerRequest): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `${name}: ${value}`);
  const lines = [
    'Content-Type: application/http',
    'Content-Transfer-Encoding: binary',
    '',
    `${request.method} ${request.path} HTTP/1.1`,
    ...headers,
    '',
    request.body ?? '',
    '',
  ];
  return lines.join('\r\n');
}
