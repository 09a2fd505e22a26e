import type { FhirRequest } from '../interaction.ts';
import { isArray, type JsonObject, objectAt, textAt } from '../json.ts';
import { badRequest } from '../outcome.ts';
import { parseTarget } from './target.ts';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/** Turns one bundle entry into the interaction it stands for. */
export function entryRequest(outer: FhirRequest, entry: JsonObject): FhirRequest {
  const request = objectAt(entry, 'request');
  const method = request && textAt(request, 'method');
  const url = request && textAt(request, 'url');
  if (request === undefined || method === undefined || url === undefined) {
    throw badRequest('A bundle entry needs request.method and request.url.');
  }
  if (!methods.includes(method))
    throw badRequest(`A bundle entry cannot have the method '${method}'.`);
  const target = parseTarget(url, outer.baseUrl);
  if (target.path.length === 0 && method !== 'GET') {
    throw badRequest('A bundle entry needs request.url with a resource type.');
  }
  const resource = objectAt(entry, 'resource');
  const isJsonPatch = method === 'PATCH' && resource?.['resourceType'] !== 'Parameters';
  return {
    ...outer,
    method,
    ...target,
    body: isJsonPatch ? undefined : resource,
    patch: isJsonPatch ? binaryPatch(resource) : undefined,
    ifMatch: textAt(request, 'ifMatch'),
    ifNoneMatch: textAt(request, 'ifNoneMatch'),
    ifNoneExist: textAt(request, 'ifNoneExist'),
  };
}

/** A JSON Patch travels in a bundle as base64 data of a Binary (FHIR R4 http, "patch"). */
function binaryPatch(resource: JsonObject | undefined): readonly unknown[] {
  const data = resource && textAt(resource, 'data');
  const isPatch =
    resource?.['resourceType'] === 'Binary' &&
    resource['contentType'] === 'application/json-patch+json';
  if (!isPatch || data === undefined) {
    throw badRequest(
      'A PATCH entry needs a Parameters resource (FHIRPath Patch) or a Binary with contentType application/json-patch+json and base64 data.',
    );
  }
  const operations = parsedOperations(data);
  if (operations === undefined) {
    throw badRequest('The data of the Binary of a PATCH entry must be a JSON array in base64.');
  }
  return operations;
}

function parsedOperations(data: string): readonly unknown[] | undefined {
  try {
    const operations: unknown = JSON.parse(Buffer.from(data, 'base64').toString());
    return isArray(operations) ? operations : undefined;
  } catch {
    return undefined;
  }
}
