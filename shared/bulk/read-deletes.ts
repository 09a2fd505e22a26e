import { z } from 'zod';
import { AppError } from '../errors.ts';
import { isResourceId, isResourceType } from '../fhir/index.ts';
import type { DeletedResource, NdjsonLine } from './contract.ts';

const bundle = z.object({
  resourceType: z.literal('Bundle'),
  entry: z
    .array(z.object({ request: z.object({ method: z.literal('DELETE'), url: z.string() }) }))
    .optional(),
});

/**
 * The deletes in a `deleted` file of a manifest: NDJSON of transaction Bundles with DELETE entries
 * (Bulk Data IG, "deleted"). A delete that cannot be read would leave a resource undeleted, so it
 * is an error, not a gap.
 *
 * @param file names the file in errors; must be safe to log
 * @throws AppError RESPONSE_UNREADABLE, with file and line; what `lines` throws.
 */
export async function* readDeletes(
  lines: AsyncIterable<readonly NdjsonLine[]>,
  file: string,
): AsyncGenerator<readonly DeletedResource[], void, undefined> {
  for await (const batch of lines) {
    yield batch.flatMap((line) => deletesOf(line, file));
  }
}

function deletesOf({ bytes, number }: NdjsonLine, file: string): readonly DeletedResource[] {
  const parsed = bundle.safeParse(parseJson(bytes));
  const deletes = (parsed.data?.entry ?? []).map(({ request }) => referenceOf(request.url));
  const known = deletes.filter((deleted) => deleted !== undefined);
  if (!parsed.success || known.length < deletes.length) {
    const message = `line ${number} of ${file} is no Bundle of deletes by type and id`;
    throw new AppError('RESPONSE_UNREADABLE', message, { details: { file, line: number } });
  }
  return known;
}

/** `Type/id`, alone or below any base; a conditional delete names no resource. */
function referenceOf(url: string): DeletedResource | undefined {
  const [, resourceType, id] = /(?:^|\/)([A-Za-z]+)\/([^/?#]+)$/.exec(url) ?? [];
  return isResourceType(resourceType) && isResourceId(id) ? { resourceType, id } : undefined;
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined; // the parser's message quotes the text
  }
}
