import { applyPatch } from '@medplum/core';
import { z } from 'zod';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { isObject, type JsonObject, objectAt, parseStored } from '../json.ts';
import { badRequest, notFound, unsupportedMedia } from '../outcome.ts';
import { applyFhirPathPatch } from '../patch/index.ts';
import { liveVersion } from './read.ts';
import { conditionalMatches } from './search.ts';
import { checkedResource, notSelective, replace, requireMatch } from './write.ts';

type Operations = Parameters<typeof applyPatch>[1];

/**
 * JSON Patch (RFC 6902) or FHIRPath Patch (a Parameters body) on the current
 * version; the result passes the same checks as an update.
 */
export function patch(service: Service, request: FhirRequest, type: string, id: string): Reply {
  const change = readPatch(request);
  const existing = liveVersion(service, type, id);
  requireMatch(request, { type, id }, existing);
  const patched = change(existing.body);
  requireUnchanged(parseStored(existing.body), patched);
  const resource = checkedResource(service, patched, type);
  return replace(service, request, { type, id, resource, method: 'PATCH' });
}

/** The change that a PATCH asks for, from the stored text to the new resource. */
function readPatch(request: FhirRequest): (body: string) => JsonObject {
  const { body: parameters } = request;
  if (parameters?.['resourceType'] === 'Parameters') {
    return (body) => applyFhirPathPatch(parseStored(body), parameters);
  }
  const operations = readOperations(request);
  return (body) => patchedResource(body, operations);
}

/**
 * The plain form decides whether the patch applies, as its tests compare
 * numbers. Then the same changes are made to the form with exact decimals, so
 * that untouched ones keep their digits; only copies of them would not survive.
 */
function patchedResource(body: string, operations: Operations): JsonObject {
  const plain: unknown = JSON.parse(body);
  const failure = firstFailure(plain, operations);
  if (failure !== undefined) {
    throw badRequest(`The patch cannot be applied: ${failure}. Read the resource and try again.`);
  }
  if (!isObject(plain)) throw badRequest('The patch must leave a resource.');
  if (operations.some(({ op }) => op === 'copy' || op === 'move')) return plain;
  const exact: unknown = parseStored(body);
  applyPatch(
    exact,
    operations.filter(({ op }) => op !== 'test'),
  );
  return isObject(exact) ? exact : plain;
}

/** Name of the first operation's failure. The library throws for paths that it will not walk. */
function firstFailure(target: unknown, operations: Operations): string | undefined {
  try {
    return applyPatch(target, operations).find((result) => result !== null)?.name;
  } catch {
    return 'InvalidPath';
  }
}

/** Patch by search: exactly one match is needed. */
export function conditionalPatch(service: Service, request: FhirRequest, type: string): Reply {
  const matches = conditionalMatches(service, request, { type, query: request.query });
  if (matches.length > 1) throw notSelective();
  const [match] = matches;
  if (match === undefined) throw notFound(`The condition matches no resource of type '${type}'.`);
  return patch(service, request, type, match.id);
}

const pointer = z.string().regex(/^(\/.*)?$/, 'must be a JSON Pointer');
const jsonValue = z.custom((value) => value !== undefined, 'is required');

const operationSchema = z.discriminatedUnion('op', [
  z.object({ op: z.literal('add'), path: pointer, value: jsonValue }),
  z.object({ op: z.literal('replace'), path: pointer, value: jsonValue }),
  z.object({ op: z.literal('test'), path: pointer, value: jsonValue }),
  z.object({ op: z.literal('remove'), path: pointer }),
  z.object({ op: z.literal('move'), path: pointer, from: pointer }),
  z.object({ op: z.literal('copy'), path: pointer, from: pointer }),
]);

function readOperations(request: FhirRequest): Operations {
  const { patch: body } = request;
  if (body === undefined) {
    throw unsupportedMedia(
      'PATCH takes JSON Patch (an array with Content-Type application/json-patch+json, in a bundle a Binary of that contentType) or FHIRPath Patch (a Parameters resource).',
    );
  }
  return body.map((item, index) => readOperation(item, index));
}

function readOperation(item: unknown, index: number): Operations[number] {
  const parsed = operationSchema.safeParse(item);
  if (parsed.success) return parsed.data;
  throw badRequest(`Operation ${index} of the patch is no JSON Patch operation (RFC 6902).`);
}

function requireUnchanged(before: JsonObject, after: JsonObject): void {
  const metaBefore = objectAt(before, 'meta') ?? {};
  const metaAfter = objectAt(after, 'meta') ?? {};
  const kept =
    before['id'] === after['id'] &&
    before['resourceType'] === after['resourceType'] &&
    metaBefore['versionId'] === metaAfter['versionId'] &&
    metaBefore['lastUpdated'] === metaAfter['lastUpdated'];
  if (!kept) {
    throw badRequest(
      'A patch must not change resourceType, id, meta.versionId or meta.lastUpdated.',
    );
  }
}
