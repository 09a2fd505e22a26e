import {
  isArray,
  isObject,
  itemsOf,
  type Json,
  type JsonObject,
  objectAt,
  parseStored,
  textAt,
} from '../json.ts';
import type { SearchRequest } from './search-request.ts';
import { definedPath, type SummaryElements, summaryElements } from './summary-elements.ts';

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
  const shaped = elements === undefined ? summaryOf(resource, summary) : only(resource, elements);
  const meta = objectAt(resource, 'meta') ?? {};
  return JSON.stringify({
    ...shaped,
    meta: { ...meta, tag: [...itemsOf(meta['tag']), subsetted] },
  });
}

function only(resource: JsonObject, elements: readonly string[]): JsonObject {
  return filtered(resource, (name) => elements.includes(name));
}

function filtered(resource: JsonObject, isWanted: (name: string) => boolean): JsonObject {
  const kept = Object.entries(resource).filter(
    ([name]) => always.includes(name) || isWanted(name.replace(/^_/, '')),
  );
  return Object.fromEntries(kept);
}

function summaryOf(resource: JsonObject, summary: SearchRequest['summary']): JsonObject {
  if (summary === 'data') return filtered(resource, (name) => name !== 'text');
  const elements = summaryElements(textAt(resource, 'resourceType') ?? '');
  if (elements === undefined) return resource;
  if (summary === 'text') {
    const mandatory = (name: string) => elements.mandatory.has(definedPath(elements, name) ?? '');
    return filtered(resource, (name) => name === 'text' || mandatory(name));
  }
  return inSummary(resource, elements, '');
}

/** The object with the elements that the definition marks as part of the summary, at every level it defines. */
function inSummary(object: JsonObject, elements: SummaryElements, prefix: string): JsonObject {
  const kept = Object.entries(object).flatMap(([name, value]): [string, Json | undefined][] => {
    if (prefix === '' && always.includes(name)) return [[name, value]];
    const path = definedPath(elements, `${prefix}${name}`);
    if (path === undefined || !elements.summary.has(path)) return [];
    return [[name, deeper(value, elements, `${path}.`)]];
  });
  return Object.fromEntries(kept);
}

function deeper(
  value: Json | undefined,
  elements: SummaryElements,
  prefix: string,
): Json | undefined {
  const definesMore = [...elements.known].some((path) => path.startsWith(prefix));
  if (!definesMore) return value;
  if (isArray(value)) {
    return value.map((item) => (isObject(item) ? inSummary(item, elements, prefix) : item));
  }
  return isObject(value) ? inSummary(value, elements, prefix) : value;
}
