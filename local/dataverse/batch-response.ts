import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { ApiResponse } from './api-message.ts';

/** The answer to one request of a batch. */
export interface PartResponse {
  readonly contentId: string | undefined;
  readonly response: ApiResponse;
}

/** The answer to one item of a batch: a request (or a failed change set), or a change set. */
export type ItemResponse =
  | { readonly kind: 'request'; readonly part: PartResponse }
  | { readonly kind: 'changeset'; readonly parts: readonly PartResponse[] };

function writePart({ contentId, response }: PartResponse, extra = ''): string {
  const id = contentId === undefined ? '' : `Content-ID: ${contentId}\r\n`;
  const headers = Object.entries(response.headers)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  return (
    `Content-Type: application/http\r\nContent-Transfer-Encoding: binary\r\n${id}\r\n` +
    `HTTP/1.1 ${response.status} ${STATUS_CODES[response.status] ?? ''}\r\n${extra}${headers}OData-Version: 4.0\r\n\r\n${response.body}`
  );
}

function writeItem(item: ItemResponse): string {
  if (item.kind === 'request') {
    const isError = item.part.response.status >= 400;
    return writePart(item.part, isError ? `REQ_ID: ${randomUUID()}\r\n` : '');
  }
  const boundary = `changesetresponse_${randomUUID()}`;
  const parts = item.parts.map((part) => `--${boundary}\r\n${writePart(part)}\r\n`).join('');
  return `Content-Type: multipart/mixed; boundary=${boundary}\r\n\r\n${parts}--${boundary}--\r\n`;
}

/** Writes the multipart answer, parts in the order of the requests. */
export function writeBatch(status: number, items: readonly ItemResponse[]): ApiResponse {
  const boundary = `batchresponse_${randomUUID()}`;
  const parts = items.map((item) => `--${boundary}\r\n${writeItem(item)}\r\n`).join('');
  return {
    status,
    headers: { 'Content-Type': `multipart/mixed; boundary=${boundary}` },
    body: `${parts}--${boundary}--\r\n`,
  };
}
