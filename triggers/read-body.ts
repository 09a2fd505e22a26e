import type { HttpRequest } from '@azure/functions';
import type { z } from 'zod';
import { AppError } from '../shared/errors.ts';

/** Bodies of operations are a few words. */
const mostCharacters = 16_384;

/**
 * Reads a small JSON body; an empty one counts as `{}`.
 * @param shape what to send, for the message
 * @throws AppError BODY_TOO_LARGE, INPUT_INVALID
 */
export function readBody<T>(
  request: Pick<HttpRequest, 'text'>,
  schema: z.ZodType<T>,
  shape: string,
): Promise<T> {
  return readLargeBody(request, schema, { shape, mostCharacters });
}

/** The same for a body that may be longer than a few words. */
export async function readLargeBody<T>(
  request: Pick<HttpRequest, 'text'>,
  schema: z.ZodType<T>,
  expected: { readonly shape: string; readonly mostCharacters: number },
): Promise<T> {
  const text = await request.text();
  const { shape, mostCharacters: most } = expected;
  if (text.length > most) {
    throw new AppError('BODY_TOO_LARGE', `send at most ${most} characters: ${shape}`);
  }
  const parsed = schema.safeParse(text.trim() === '' ? {} : parseJson(text));
  if (parsed.success) return parsed.data;
  const places = parsed.error.issues.map(({ path }) => path.join('/')).filter(Boolean);
  const where = places.length === 0 ? '' : `. Look at ${[...new Set(places)].join(', ')}`;
  throw new AppError('INPUT_INVALID', `send ${shape} as JSON${where}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
