const jsonType = { 'content-type': 'application/json; charset=utf-8' };

export function json(
  status: number,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Response {
  return new Response(JSON.stringify(body), { status, headers: { ...jsonType, ...headers } });
}

export function empty(status: number): Response {
  return new Response(null, { status });
}

export interface Exception {
  /** The .NET type that the extension names. */
  readonly type: string;
  readonly message: string;
}

/** The extension's error body; there are no .NET frames to put into StackTrace. */
export function problem(status: number, message: string, exception?: Exception): Response {
  if (exception === undefined) return json(status, { Message: message });
  const { type, message: ExceptionMessage } = exception;
  return json(status, { Message: message, ExceptionMessage, ExceptionType: type, StackTrace: '' });
}

/** The extension's answer to a body that is no JSON, in Newtonsoft's words as far as the first character decides. */
export function invalidJson(text: string): Response {
  const first = text.trim().slice(0, 1);
  const where = "Path '', line 0, position 0.";
  const message =
    first === ''
      ? `Error reading JToken from JsonReader. ${where}`
      : `Unexpected character encountered while parsing value: ${first}. ${where}`;
  return problem(400, 'Invalid JSON content', {
    type: 'Newtonsoft.Json.JsonReaderException',
    message,
  });
}

const bodyLimitBytes = 16 * 1024 * 1024;

export type Body =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'none' }
  | { readonly kind: 'blank'; readonly text: string }
  | { readonly kind: 'refused'; readonly response: Response };

async function boundedText(request: Request): Promise<string | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.byteLength;
    if (size > bodyLimitBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A JSON body in its shortest spelling; an empty body is none, one of white space only is blank. */
export async function readBody(request: Request): Promise<Body> {
  const text = await boundedText(request);
  if (text === undefined) {
    return {
      kind: 'refused',
      response: problem(413, 'The body is larger than 16 MiB. Pass a reference instead.'),
    };
  }
  if (text === '') return { kind: 'none' };
  try {
    return { kind: 'json', text: JSON.stringify(JSON.parse(text)) };
  } catch {
    if (text.trim() === '') return { kind: 'blank', text };
    return { kind: 'refused', response: invalidJson(text) };
  }
}
