import { itemsOf, type JsonObject, objectAt, parseStored } from '../json.ts';
import type { SearchRequest } from './search-request.ts';

const always = ['resourceType', 'id', 'meta'];
const subsetted = {
  system: 'http://terminology.hl7.org/CodeSystem/v3-ObservationValue',
  code: 'SUBSETTED',
};

/** Cuts a resource down to what `_elements` or `_summary` ask for and tags it SUBSETTED; else returns the text as it is. */
export function shapeBody(
  body: string,
  { elements, summary }: Pick<SearchRequest, 'elements' | 'summary'>,
): string {
  if (elements === undefined && summary === undefined) return body;
  const resource = parseStored(body);
  const kept = Object.entries(resource).filter(([name]) => isKept(name, elements, summary));
  const meta = objectAt(resource, 'meta') ?? {};
  const shaped: JsonObject = Object.fromEntries(kept);
  return JSON.stringify({
    ...shaped,
    meta: { ...meta, tag: [...itemsOf(meta['tag']), subsetted] },
  });
}

function isKept(
  name: string,
  elements: readonly string[] | undefined,
  summary: SearchRequest['summary'],
): boolean {
  if (always.includes(name)) return true;
  if (elements !== undefined) return elements.includes(name.replace(/^_/, ''));
  return summary === 'text' ? name === 'text' : name !== 'text';
}
