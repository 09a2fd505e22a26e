import type { IncomingMessage } from 'node:http';
import { DataverseError } from './protocol-error.ts';

/** The service's payload cap when a plug-in is registered (facts A5): 116.85 MB. */
const maxBytes = 116.85 * 1024 * 1024;

function tooLarge(): DataverseError {
  return new DataverseError(413, '0x80060888', 'The request body is over 116.85 MB.');
}

/** Reads the whole body as text. Throws 413 when it is too large. */
export async function readHttpBody(message: IncomingMessage): Promise<string> {
  if (message.method === 'GET' || message.headers['content-length'] === '0') {
    return '';
  }
  if (Number(message.headers['content-length'] ?? 0) > maxBytes) {
    throw tooLarge();
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    size += bytes.length;
    if (size > maxBytes) {
      throw tooLarge();
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
