import { AppError } from '../errors.ts';
import { isRecord, parseReference } from '../fhir/index.ts';
import { bareEtag } from './bare-etag.ts';
import type { BundleParts, EntryParts } from './bundle-parts.ts';
import type { DeletedResource, SearchExportPage, SearchExportRequest } from './contract.ts';
import { scanResource } from './scan-resource.ts';

const lineFeed = Buffer.from('\n');

/**
 * What a page of a search or a history holds. Versions of a history that are not before `till` are
 * left out: FHIR R4 knows no upper end for `_history`.
 *
 * @throws AppError RESPONSE_UNREADABLE for an entry that is neither a resource nor a delete
 */
export function readSearchPage(
  { entries }: BundleParts,
  request: SearchExportRequest,
): Omit<SearchExportPage, 'next'> {
  const till = request.history && request.till !== undefined ? Date.parse(request.till) : undefined;
  const lines: Buffer[] = [];
  const deletes: DeletedResource[] = [];
  for (const [index, entry] of entries.entries()) {
    if (isRecord(entry.search) && entry.search['mode'] === 'outcome') {
      continue;
    }
    const deleted = deleteOf(entry);
    if (deleted === undefined) {
      const { line, at } = resourceOf(entry, index);
      if (isBefore(at, till)) {
        lines.push(line, lineFeed);
      }
    } else if (isBefore(deleted.at, till)) {
      deletes.push(deleted);
    }
  }
  return { ndjson: Buffer.concat(lines), count: lines.length / 2, deletes };
}

/** A time that is not there cannot put an entry outside the window. */
function isBefore(at: string | undefined, till: number | undefined): boolean {
  return till === undefined || at === undefined || !(Date.parse(at) >= till);
}

function resourceOf({ resource }: EntryParts, index: number) {
  const scan = resource === undefined ? undefined : scanResource(resource);
  if (resource === undefined || scan?.kind !== 'resource') {
    const message = `entry ${index} of a page is neither a resource nor a delete`;
    throw new AppError('RESPONSE_UNREADABLE', message, { details: { entry: index } });
  }
  return { line: resource, at: scan.lastUpdated };
}

/** FHIR R4 3.1.0.10: a deleted version is an entry with request.method DELETE, mostly without resource. */
function deleteOf({ request, response, resource }: EntryParts): DeletedResource | undefined {
  if (!isRecord(request) || request['method'] !== 'DELETE') {
    return undefined;
  }
  const url = typeof request['url'] === 'string' ? request['url'] : '';
  const [, path] = /(?:^|\/)([A-Za-z]+\/[^/?#]+)(?:\/_history\/[^/]+)?$/.exec(url) ?? [];
  const reference = parseReference(path ?? '');
  if (reference === undefined) {
    throw new AppError('RESPONSE_UNREADABLE', 'a delete in a history names no resource');
  }
  const scan = resource === undefined ? undefined : scanResource(resource);
  const known = scan?.kind === 'resource' ? scan : undefined;
  const answer = isRecord(response) ? response : {};
  const versionId = known?.versionId ?? bareEtag(textOf(answer['etag']));
  const at = known?.lastUpdated ?? textOf(answer['lastModified']);
  return {
    ...reference,
    ...(versionId === '' ? {} : { versionId }),
    ...(at === undefined ? {} : { at }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
