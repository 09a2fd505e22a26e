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
export async function readBody<T>(
  request: Pick<HttpRequest, 'text'>,
  schema: z.ZodType<T>,
  shape: string,
): Promise<T> {
  const text = await request.text();
  if (text.length > mostCharacters) {
    throw new AppError('BODY_TOO_LARGE', `send at most ${mostCharacters} characters: ${shape}`);
  }
  const parsed = schema.safeParse(text.trim() === '' ? {} : parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AppError('INPUT_INVALID', `send ${shape} as JSON`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
