import { isObject, itemsOf, type JsonObject, objectAt, parseStored } from '../json.ts';

const url = 'http://azurehealthcareapis.com/data-extensions/deleted-state';
const mark = { url, valueString: 'soft-deleted' };

/** The text of a deleted version with the extension by which `$import` knows it again. */
export function markDeleted(body: string): string {
  const resource = parseStored(body);
  const meta = objectAt(resource, 'meta') ?? {};
  const extension = [...itemsOf(meta['extension']), mark];
  return JSON.stringify({ ...resource, meta: { ...meta, extension } });
}

/** True for a resource that stands for its own deletion. */
export function isMarkedDeleted(resource: JsonObject): boolean {
  return itemsOf(objectAt(resource, 'meta')?.['extension']).some(isMark);
}

/** The resource without the mark. */
export function withoutMark(resource: JsonObject): JsonObject {
  const { extension, ...meta } = objectAt(resource, 'meta') ?? {};
  const others = itemsOf(extension).filter((item) => !isMark(item));
  return { ...resource, meta: others.length === 0 ? meta : { ...meta, extension: others } };
}

function isMark(item: unknown): boolean {
  return isObject(item) && item['url'] === url && item['valueString'] === 'soft-deleted';
}
