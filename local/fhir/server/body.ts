import type { IncomingMessage } from 'node:http';
import { parseExact } from '../exact-json.ts';
import { isArray, isObject, type JsonObject } from '../json.ts';
import { nestsTooDeeply } from '../json-text.ts';
import { badRequest, tooLarge, unsupportedMedia } from '../outcome.ts';

/** Reads a body up to `limit` bytes; throws 413 beyond it. */
export function readBody(message: IncomingMessage, limit: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    message.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limit) chunks.push(chunk);
      else if (size - chunk.length <= limit) {
        reject(tooLarge(`The body is larger than the ${limit} bytes allowed; send it in parts.`));
      }
    });
    message.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
    message.on('error', reject);
    message.on('close', () => {
      if (!message.complete) reject(badRequest('The request ended before its body was complete.'));
    });
  });
}

export interface ParsedBody {
  readonly body: JsonObject | undefined;
  readonly patch: readonly unknown[] | undefined;
  /** Form fields of POST _search. */
  readonly form: URLSearchParams | undefined;
}

const nothing: ParsedBody = { body: undefined, patch: undefined, form: undefined };
const jsonTypes = [
  'application/fhir+json',
  'application/json',
  'text/json',
  'application/json+fhir',
];

/** Parses a body by its Content-Type; 415 for types not spoken here, 400 for broken JSON. */
export function parseBody(
  text: string,
  contentType: string | undefined,
  isSearch: boolean,
): ParsedBody {
  const type = (contentType ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  if (isSearch) {
    if (text === '' || type === 'application/x-www-form-urlencoded') {
      return { ...nothing, form: new URLSearchParams(text) };
    }
    throw unsupportedMedia('POST _search takes application/x-www-form-urlencoded.');
  }
  if (text === '') return nothing;
  if (type === 'application/json-patch+json') {
    const operations = parseJson(text, JSON.parse);
    if (!isArray(operations)) throw badRequest('A JSON Patch must be an array of operations.');
    return { ...nothing, patch: operations };
  }
  if (type !== '' && !jsonTypes.includes(type)) {
    throw unsupportedMedia('The Content-Type must be application/fhir+json.');
  }
  const value = parseJson(text, parseExact);
  if (!isObject(value)) throw badRequest('The body must be a JSON object.');
  return { ...nothing, body: value };
}

function parseJson(text: string, parse: (text: string) => unknown): unknown {
  if (nestsTooDeeply(text)) throw badRequest('The body nests arrays and objects too deeply.');
  try {
    return parse(text);
  } catch {
    // The parser's message can quote the body, so it is not passed on.
    throw badRequest('The body is not valid JSON.');
  }
}
