import { isResourceType } from '../definitions.ts';
import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { notAllowed, notFound, unknownRoute } from '../outcome.ts';
import { parameterStatus, reindexResource } from '../reindex/index.ts';
import { bulkOperation } from './bulk.ts';
import { bundle } from './bundle.ts';
import { capabilityStatement } from './capability.ts';
import { history } from './history.ts';
import { maintenance } from './maintenance.ts';
import { conditionalPatch, patch } from './patch.ts';
import { liveVersion, read, readVersion } from './read.ts';
import { conditionalRemove, purgeHistory, remove } from './remove.ts';
import { search } from './search.ts';
import { validate } from './validate.ts';
import { conditionalUpdate, create, update } from './write.ts';

/** Chooses the interaction by method and path (FHIR R4 http, "Summary"); anything else is 404 or 405. */
export function dispatch(service: Service, request: FhirRequest): Reply {
  return (
    bulkOperation(service, request) ??
    maintenance(service, request) ??
    interaction(service, request)
  );
}

function interaction(service: Service, request: FhirRequest): Reply {
  const [first, ...rest] = request.path;
  if (first === undefined) return systemRoot(service, request);
  if (first === 'metadata' && rest.length === 0) return metadata(service, request);
  if (first === '_history' && rest.length === 0) {
    return onlyGet(request, () => history(service, request, { type: undefined, id: undefined }));
  }
  if (first === '_search' && rest.length === 0) {
    return onlyPost(request, () => search(service, request, everything));
  }
  if (!isResourceType(first)) {
    if (/^[A-Z]/.test(first)) throw notFound(`Resource type '${first}' is no FHIR R4 type.`);
    throw unknown(request);
  }
  const [second, ...below] = rest;
  if (second === undefined) return typeLevel(service, request, first);
  if (/^[_$]/.test(second) && below.length === 0) return typeOperation(service, request, first);
  return instanceLevel(service, request, { type: first, id: second, below });
}

const everything = { type: undefined, patient: undefined };

function unknown(request: FhirRequest): Error {
  return unknownRoute(`There is nothing at '/${request.path.join('/')}' for ${request.method}.`);
}

function onlyGet(request: FhirRequest, answer: () => Reply): Reply {
  if (request.method === 'GET') return answer();
  throw notAllowed(`'/${request.path.join('/')}' takes GET only.`);
}

function onlyPost(request: FhirRequest, answer: () => Reply): Reply {
  if (request.method === 'POST') return answer();
  throw notAllowed(`'/${request.path.join('/')}' takes POST only.`);
}

function systemRoot(service: Service, request: FhirRequest): Reply {
  if (request.method === 'GET') return search(service, request, everything);
  return onlyPost(request, () => bundle(service, request, dispatch));
}

function metadata(service: Service, request: FhirRequest): Reply {
  return onlyGet(request, () => capabilityStatement(service, request));
}

function typeLevel(service: Service, request: FhirRequest, type: string): Reply {
  switch (request.method) {
    case 'GET':
      return search(service, request, { type, patient: undefined });
    case 'POST':
      return create(service, request, type);
    case 'PUT':
      return conditionalUpdate(service, request, type);
    case 'PATCH':
      return conditionalPatch(service, request, type);
    case 'DELETE':
      return conditionalRemove(service, request, type);
    default:
      throw notAllowed(`'/${type}' does not take ${request.method}.`);
  }
}

function typeOperation(service: Service, request: FhirRequest, type: string): Reply {
  if (type === 'SearchParameter' && request.path[1] === '$status') {
    return parameterStatus(service, request);
  }
  switch (request.path[1]) {
    case '_history':
      return onlyGet(request, () => history(service, request, { type, id: undefined }));
    case '_search':
      return onlyPost(request, () => search(service, request, { type, patient: undefined }));
    case '$validate':
      return onlyPost(request, () => validate(request, type));
    default:
      throw unknown(request);
  }
}

interface Instance {
  readonly type: string;
  readonly id: string;
  readonly below: readonly string[];
}

function instanceLevel(service: Service, request: FhirRequest, instance: Instance): Reply {
  const { type, id, below } = instance;
  const [third, fourth] = below;
  if (third === undefined) return instanceInteraction(service, request, instance);
  if (below.length > 2) throw unknown(request);
  if (third === '_history') {
    return onlyGet(request, () =>
      fourth === undefined
        ? history(service, request, { type, id })
        : readVersion(service, { type, id, version: fourth }),
    );
  }
  if (fourth !== undefined) throw unknown(request);
  if (third === '$purge-history') return purgeHistory(service, request, instance);
  if (third === '$reindex') return reindexResource(service, request, instance);
  if (third === '$validate') return onlyPost(request, () => validate(request, type));
  if (type === 'Patient' && third === '$everything') {
    return onlyGet(request, () => everythingOf(service, request, id));
  }
  const inCompartment = type === 'Patient' && (third === '*' || isResourceType(third));
  if (!inCompartment) throw unknown(request);
  return onlyGet(request, () =>
    search(service, request, { type: third === '*' ? undefined : third, patient: id }),
  );
}

/** The patient and its compartment in pages; `_type`, `_count` and `_lastUpdated` narrow it. */
function everythingOf(service: Service, request: FhirRequest, id: string): Reply {
  liveVersion(service, 'Patient', id);
  const since = request.query.get('_since');
  const query = new URLSearchParams([...request.query].filter(([name]) => name !== '_since'));
  if (since !== null) query.append('_lastUpdated', `ge${since}`);
  const place = { type: undefined, patient: id, withPatient: true };
  return search(service, { ...request, query }, place);
}

function instanceInteraction(
  service: Service,
  request: FhirRequest,
  { type, id }: Instance,
): Reply {
  switch (request.method) {
    case 'GET':
      return read(service, request, type, id);
    case 'PUT':
      return update(service, request, type, id);
    case 'PATCH':
      return patch(service, request, type, id);
    case 'DELETE':
      return remove(service, request, type, id);
    default:
      throw notAllowed(`'/${type}/${id}' does not take ${request.method}.`);
  }
}
