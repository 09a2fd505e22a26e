import { randomUUID } from 'node:crypto';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { type JsonObject, textAt } from '../json.ts';
import { badRequest, FhirError, notFound, preconditionFailed } from '../outcome.ts';
import {
  etagOf,
  isDeleted,
  type StoredVersion,
  versionBody,
  type WriteMethod,
} from '../store/stored-version.ts';
import { conditionalMatches } from './search.ts';

/** Create; with If-None-Exist an existing match is answered with 200, several with 412. */
export function create(service: Service, request: FhirRequest, type: string): Reply {
  const resource = checkedResource(service, request.body, type);
  if (request.ifNoneExist !== undefined) {
    const query = new URLSearchParams(request.ifNoneExist.replace(/^.*\?/, ''));
    const matches = conditionalMatches(service, request, { type, query });
    if (matches.length > 1) throw notSelective();
    if (matches[0] !== undefined) return written(request, 200, matches[0]);
  }
  if (type === 'SearchParameter') service.registry.check(resource, 'POST');
  const version = service.repository.append(
    {
      type,
      id: request.assignedId ?? randomUUID(),
      resource,
      method: 'POST',
      agent: request.agent,
    },
    undefined,
  );
  service.registry.noteWritten(resource);
  return written(request, 201, version);
}

/** Update, update-as-create (201) and revival of a deleted id (201). Equal content makes no new version. */
export function update(service: Service, request: FhirRequest, type: string, id: string): Reply {
  const resource = checkedResource(service, request.body, type);
  const bodyId = textAt(resource, 'id');
  if (bodyId === undefined) throw badRequest('An update needs the resource id in the body.');
  if (bodyId !== id) throw badRequest('The resource id in the body must equal the id in the URL.');
  return replace(service, request, { type, id, resource, method: 'PUT' });
}

/** Update by search: no match creates, one updates, several are refused with 412. */
export function conditionalUpdate(service: Service, request: FhirRequest, type: string): Reply {
  const resource = checkedResource(service, request.body, type);
  const matches = conditionalMatches(service, request, { type, query: request.query });
  if (matches.length > 1) throw notSelective();
  const bodyId = textAt(resource, 'id');
  const id = matches[0]?.id ?? bodyId ?? request.assignedId ?? randomUUID();
  if (bodyId !== undefined && bodyId !== id) {
    throw badRequest('The resource id in the body must equal the id of the match.');
  }
  return replace(service, request, { type, id, resource, method: 'PUT' });
}

export interface Replacement {
  readonly type: string;
  readonly id: string;
  readonly resource: JsonObject;
  readonly method: WriteMethod;
}

/** Writes the next version unless If-Match forbids it or nothing would change. */
export function replace(service: Service, request: FhirRequest, next: Replacement): Reply {
  const { type, id, resource } = next;
  const existing = service.repository.current(type, id);
  requireMatch(request, { type, id }, existing);
  if (existing !== undefined && !isDeleted(existing)) {
    if (versionBody(resource, existing) === existing.body) return written(request, 200, existing);
  }
  if (type === 'SearchParameter') service.registry.check(resource, 'PUT');
  const version = service.repository.append({ ...next, agent: request.agent }, existing);
  service.registry.noteWritten(resource);
  const created = existing === undefined || isDeleted(existing);
  return written(request, created ? 201 : 200, version);
}

/**
 * If-Match against the current version. A resource that does not exist is 404,
 * not 412, as the open-source FHIR service behind Azure answers.
 */
export function requireMatch(
  request: FhirRequest,
  place: { readonly type: string; readonly id: string },
  existing: StoredVersion | undefined,
): void {
  const expected = request.ifMatch;
  if (expected === undefined || expected === '*') return;
  if (!/^(W\/)?"[^"]+"$/.test(expected)) {
    throw badRequest('If-Match must be a weak ETag such as W/"3".');
  }
  if (existing === undefined) {
    throw notFound(`Resource type '${place.type}' with id '${place.id}' couldn't be found.`);
  }
  if (expected.replace(/^W\//, '') !== etagOf(existing).replace(/^W\//, '')) {
    throw preconditionFailed(
      `The version in If-Match is not the current version of ${place.type}/${place.id}.`,
    );
  }
}

export function notSelective(): FhirError {
  return new FhirError(412, [
    {
      severity: 'error',
      code: 'multiple-matches',
      diagnostics: 'The condition matches several resources.',
    },
  ]);
}

const idSyntax = /^[A-Za-z0-9\-.]{1,64}$/;

/** The body as a resource of the expected type that passes the write checks; throws 400 otherwise. */
export function checkedResource(
  service: Service,
  body: JsonObject | undefined,
  type: string,
): JsonObject {
  if (body === undefined) throw badRequest('The request needs a resource as its body.');
  if (body['resourceType'] !== type) {
    throw badRequest(`The body must be a resource of type '${type}', as the URL says.`);
  }
  const id = body['id'];
  if (id !== undefined && (typeof id !== 'string' || !idSyntax.test(id))) {
    throw badRequest('The resource id must have 1 to 64 letters, digits, hyphens or dots.');
  }
  const problems = service.checkResource(body);
  if (problems.length > 0) throw new FhirError(400, problems);
  return body;
}

/** Answer to a write: location always, body as `Prefer: return` asks. */
export function written(request: FhirRequest, status: number, version: StoredVersion): Reply {
  const location = `${request.baseUrl}/${version.type}/${version.id}/_history/${version.version}`;
  return { status, version, location, body: preferredBody(request, version) };
}

function preferredBody(request: FhirRequest, version: StoredVersion): string {
  switch (request.preferReturn) {
    case 'representation':
      return version.body;
    case 'minimal':
      return '';
    case 'OperationOutcome':
      return '{"resourceType":"OperationOutcome","issue":[{"severity":"information","code":"informational","diagnostics":"Written."}]}';
  }
}
