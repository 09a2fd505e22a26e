import { randomUUID } from 'node:crypto';
import { isResourceType } from '../definitions.ts';
import type { FhirRequest, Service } from '../interaction.ts';
import { isArray, isObject, type Json, type JsonObject, objectAt, textAt } from '../json.ts';
import { badRequest } from '../outcome.ts';
import { conditionalMatches } from './search.ts';
import { parseTarget } from './target.ts';

/** Where the resource behind an entry's `fullUrl` is, or will be once the transaction commits. */
export type AssignedIds = ReadonlyMap<
  string,
  { readonly type: string; readonly id: string; readonly isNew: boolean }
>;

/** Decides the ids of all entries with a `fullUrl` before any is written. */
export function assignIds(
  service: Service,
  request: FhirRequest,
  entries: readonly JsonObject[],
): AssignedIds {
  const ids = new Map<string, { type: string; id: string; isNew: boolean }>();
  for (const entry of entries) {
    const fullUrl = textAt(entry, 'fullUrl');
    const asked = objectAt(entry, 'request');
    if (fullUrl === undefined || asked === undefined) continue;
    const place = placeOf(service, request, { entry, asked });
    if (place !== undefined) ids.set(fullUrl, place);
  }
  return ids;
}

function placeOf(
  service: Service,
  request: FhirRequest,
  { entry, asked }: { readonly entry: JsonObject; readonly asked: JsonObject },
) {
  const { path, query } = parseTarget(textAt(asked, 'url') ?? '', request.baseUrl);
  const [type, id] = path;
  if (type === undefined || !isResourceType(type)) return undefined;
  const method = textAt(asked, 'method');
  if (id !== undefined) return { type, id, isNew: false };
  const condition = method === 'POST' ? textAt(asked, 'ifNoneExist') : query.toString();
  if (condition) {
    const conditions = new URLSearchParams(condition.replace(/^.*\?/, ''));
    const [match] = conditionalMatches(service, request, { type, query: conditions });
    if (match !== undefined) return { type, id: match.id, isNew: false };
  }
  const ownId = method === 'PUT' ? textAt(objectAt(entry, 'resource') ?? {}, 'id') : undefined;
  return { type, id: ownId ?? randomUUID(), isNew: true };
}

/**
 * Replaces references to other entries' `fullUrl` and conditional references
 * (`Patient?identifier=…`) by `Type/id`. Returns the same object when there are none.
 */
export function resolveReferences(
  service: Service,
  request: FhirRequest,
  { resource, ids }: { readonly resource: JsonObject; readonly ids: AssignedIds },
): JsonObject {
  if (!hasOpenReference(resource, ids)) return resource;
  const resolve = (reference: string): string => {
    const assigned = ids.get(reference);
    if (assigned !== undefined) return `${assigned.type}/${assigned.id}`;
    const condition = /^([A-Z]\w+)\?(.+)$/.exec(reference);
    if (condition?.[1] === undefined || condition[2] === undefined) return reference;
    return conditionalTarget(service, request, { type: condition[1], query: condition[2] });
  };
  const result = mapReferences(resource, resolve);
  return isObject(result) ? result : resource;
}

/** True when a reference may need resolving; most resources have none, and looking is cheaper than mapping. */
function hasOpenReference(value: Json, ids: AssignedIds): boolean {
  if (isArray(value)) {
    for (const item of value) if (hasOpenReference(item, ids)) return true;
    return false;
  }
  if (!isObject(value)) return false;
  for (const key in value) {
    const child = value[key];
    if (typeof child === 'object' && hasOpenReference(child, ids)) return true;
    if (key === 'reference' && typeof child === 'string' && isOpen(child, ids)) return true;
  }
  return false;
}

function isOpen(reference: string, ids: AssignedIds): boolean {
  return reference.includes('?') || ids.has(reference);
}

function conditionalTarget(
  service: Service,
  request: FhirRequest,
  { type, query }: { readonly type: string; readonly query: string },
): string {
  const matches = isResourceType(type)
    ? conditionalMatches(service, request, { type, query: new URLSearchParams(query) })
    : [];
  const [match] = matches;
  if (match === undefined || matches.length > 1) {
    throw badRequest(
      `A conditional reference to '${type}' must match exactly one resource; it matches ${matches.length === 0 ? 'none' : 'several'}.`,
    );
  }
  return `${type}/${match.id}`;
}

function mapReferences(value: Json, resolve: (reference: string) => string): Json {
  if (isArray(value)) {
    const mapped = value.map((item) => mapReferences(item, resolve));
    return mapped.some((item, index) => item !== value[index]) ? mapped : value;
  }
  if (!isObject(value)) return value;
  let changed: Record<string, Json | undefined> | undefined;
  for (const key in value) {
    const child = value[key];
    if (child === undefined) continue;
    const mapped = mapChild(key, child, resolve);
    if (mapped === child) continue;
    changed ??= { ...value };
    changed[key] = mapped;
  }
  return changed ?? value;
}

function mapChild(key: string, child: Json, resolve: (reference: string) => string): Json {
  if (typeof child === 'string') return key === 'reference' ? resolve(child) : child;
  return typeof child === 'object' ? mapReferences(child, resolve) : child;
}
