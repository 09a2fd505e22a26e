import { z } from 'zod';
import { AppError } from '../errors.ts';
import { isResourceType } from '../fhir/index.ts';
import type { ExportFile, ExportManifest } from './contract.ts';

/** One page, with the link to the next one. */
export interface ManifestPage {
  readonly manifest: ExportManifest;
  readonly next: string | undefined;
}

const count = z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER);
const absent = z.null().transform(() => undefined);
const file = z.object({
  type: z.union([z.string(), absent]).optional(),
  url: z.string().min(1),
  count: z.union([count, absent]).optional(),
  fileSize: z.union([count, absent]).optional(),
});
const files = z.union([z.array(file), absent]).optional();

const page = z.object({
  transactionTime: z.string().refine((text) => !Number.isNaN(Date.parse(text))),
  // Where a server leaves it out, no token is sent: the cautious reading.
  requiresAccessToken: z.boolean().optional(),
  output: files,
  deleted: files,
  error: files,
  outcome: files,
  link: z.union([z.array(z.object({ relation: z.string(), url: z.string() })), absent]).optional(),
});

/**
 * Reads one page of the complete status (Bulk Data IG, "Response - Complete Status"), from STU1's
 * `error` to STU4's `outcome` and `fileSize`. Relative links are read against the URL of the page.
 *
 * @throws AppError RESPONSE_UNREADABLE, naming the element
 */
export function readManifestPage(json: unknown, url: string, headers: Headers): ManifestPage {
  const parsed = page.safeParse(json);
  if (!parsed.success) {
    throw noManifest(placeOf(parsed.error.issues[0]?.path ?? []));
  }
  const { transactionTime, requiresAccessToken, output, deleted, error, outcome, link } =
    parsed.data;
  const expires = Date.parse(headers.get('expires') ?? '');
  const next = (link ?? []).find(({ relation }) => relation === 'next')?.url;
  return {
    manifest: {
      transactionTime,
      requiresAccessToken: requiresAccessToken ?? false,
      files: filesOf(output, 'output', url),
      deleted: filesOf(deleted, 'deleted', url),
      errors: [...filesOf(error, 'error', url), ...filesOf(outcome, 'outcome', url)],
      ...(Number.isNaN(expires) ? {} : { expires: new Date(expires).toISOString() }),
    },
    next: next === undefined ? undefined : absolute(next, url, 'link'),
  };
}

/** The page added to those before it; the first one's `transactionTime` counts (all must agree). */
export function joinPages(before: ExportManifest, page: ExportManifest): ExportManifest {
  if (before.requiresAccessToken !== page.requiresAccessToken) {
    throw noManifest('requiresAccessToken (pages differ)');
  }
  const expires = [before.expires, page.expires].filter((time) => time !== undefined).sort()[0];
  return {
    ...before,
    files: [...before.files, ...page.files],
    deleted: [...before.deleted, ...page.deleted],
    errors: [...before.errors, ...page.errors],
    ...(expires === undefined ? {} : { expires }),
  };
}

export function noManifest(place: string): AppError {
  const message = `the export says it is complete, but its manifest cannot be read at ${place}`;
  return new AppError('RESPONSE_UNREADABLE', message, { details: { place } });
}

type ParsedFiles = z.infer<typeof files>;

function filesOf(parsed: ParsedFiles, list: string, base: string): readonly ExportFile[] {
  return (parsed ?? []).map(({ type, url, count: lines, fileSize }, index) => ({
    ...(isResourceType(type) ? { type } : {}),
    url: absolute(url, base, `${list}[${index}].url`),
    ...(lines === undefined ? {} : { count: lines }),
    ...(fileSize === undefined ? {} : { bytes: fileSize }),
  }));
}

function absolute(url: string, base: string, place: string): string {
  const target = URL.canParse(url, base) ? new URL(url, base) : undefined;
  if (target === undefined || (target.protocol !== 'https:' && target.protocol !== 'http:')) {
    throw noManifest(place);
  }
  return target.href;
}

/** Names and indexes of the schema only: a path never holds a value of the answer. */
function placeOf(path: readonly PropertyKey[]): string {
  return path.length === 0 ? 'its top' : path.map(String).join('.');
}
