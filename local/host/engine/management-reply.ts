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

/** The extension's error body. */
export function problem(status: number, message: string, exception?: string): Response {
  const detail = exception === undefined ? {} : { ExceptionMessage: exception };
  return json(status, { Message: message, ...detail });
}

const bodyLimitBytes = 16 * 1024 * 1024;

export type Body =
  | { readonly kind: 'json'; readonly text: string }
  | { readonly kind: 'none' }
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

/** A JSON body in its shortest spelling; an empty body is none. */
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
    return { kind: 'refused', response: problem(400, 'Invalid JSON content') };
  }
}
