import { z } from 'zod';
import { AppError } from '../errors.ts';
import { isResourceType } from '../fhir/index.ts';
import type { ImportError, ImportOutput } from './contract.ts';

export interface ImportResult {
  readonly outputs: readonly ImportOutput[];
  readonly errors: readonly ImportError[];
}

const count = z.number().int().nonnegative();
const type = z.string().nullish();
const url = z.string().refine((text) => URL.canParse(text));
const result = z.object({
  output: z.array(z.object({ type, count, inputUrl: url })).nullish(),
  error: z.array(z.object({ type, count, inputUrl: url, url: url.nullish() })).nullish(),
});

/**
 * The body of a status answer of `$import`, final or live.
 *
 * @throws AppError RESPONSE_UNREADABLE, naming the element
 */
export function readImportResult(json: unknown): ImportResult {
  const parsed = result.safeParse(json);
  if (!parsed.success) {
    const place = (parsed.error.issues[0]?.path ?? []).map(String).join('.') || 'its top';
    const message = `the result of an import cannot be read at ${place}`;
    throw new AppError('RESPONSE_UNREADABLE', message, { details: { place } });
  }
  const { output, error } = parsed.data;
  return {
    outputs: (output ?? []).map((entry) => ({
      ...typeOf(entry.type),
      url: entry.inputUrl,
      count: entry.count,
    })),
    errors: (error ?? []).map((entry) => ({
      ...typeOf(entry.type),
      url: entry.inputUrl,
      count: entry.count,
      ...(entry.url === null || entry.url === undefined ? {} : { errorUrl: entry.url }),
    })),
  };
}

function typeOf(text: string | null | undefined): { readonly type?: string } {
  return isResourceType(text) ? { type: text } : {};
}
