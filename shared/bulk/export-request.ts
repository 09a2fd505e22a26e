import { AppError } from '../errors.ts';
import { isResourceType } from '../fhir/index.ts';
import type { HttpRequest } from '../http/index.ts';
import type { ExportDialect, ExportRequest } from './contract.ts';

type Parameter = readonly [name: string, value: string];

/** What Azure Health Data Services takes and no server by the IG does. */
const ahdsOnly = ['container', 'anonymizationConfig', 'maxCount', 'parallel'] as const;

/**
 * The kick-off as GET: all that AHDS takes, and what STU1 to STU3 of the IG ask of a server.
 * `Prefer` is exact, because AHDS compares it as a whole (facts 2.1).
 *
 * @throws AppError INPUT_INVALID when the dialect has no words for the request
 */
export function exportByGet(
  base: string,
  request: ExportRequest,
  dialect: ExportDialect,
): HttpRequest {
  checkRequest(request, dialect);
  const query = new URLSearchParams();
  for (const [name, value] of dialect === 'ahds'
    ? ahdsParameters(request)
    : igParameters(request)) {
    query.append(name, value);
  }
  const text = query.toString();
  return {
    method: 'GET',
    url: `${base}/$export${text === '' ? '' : `?${text}`}`,
    headers: { accept: 'application/fhir+json', prefer: 'respond-async' },
    idempotent: false,
  };
}

/**
 * The kick-off as POST of Parameters, the only form of STU4: several types are several
 * parameters there. Asks that the status of the job be kept apart from that of the poll.
 */
export function exportByPost(base: string, request: ExportRequest): HttpRequest {
  const parameter = [
    ...(request.types ?? []).map((type) => ({ name: '_type', valueString: type })),
    ...instants(request).map(([name, value]) => ({ name, valueInstant: value })),
  ];
  return {
    method: 'POST',
    url: `${base}/$export`,
    headers: {
      accept: 'application/fhir+json',
      'content-type': 'application/fhir+json',
      prefer: 'respond-async, separate-export-status',
    },
    body: JSON.stringify({ resourceType: 'Parameters', parameter }),
    idempotent: false,
  };
}

function igParameters(request: ExportRequest): readonly Parameter[] {
  return [...typeList(request), ...instants(request)];
}

function instants({ since, till }: ExportRequest): readonly Parameter[] {
  return [
    ...(since === undefined ? [] : [['_since', since] as const]),
    ...(till === undefined ? [] : [['_until', till] as const]),
  ];
}

function ahdsParameters(request: ExportRequest): readonly Parameter[] {
  const associated = [
    ...(request.history ? ['_history'] : []),
    ...(request.deleted ? ['_deleted'] : []),
  ];
  const { since, till, container, anonymizationConfig, maxCount, parallel } = request;
  const optional: readonly (readonly [string, string | number | boolean | undefined])[] = [
    ['_since', since],
    ['_till', till],
    ['includeAssociatedData', associated.length === 0 ? undefined : associated.join()],
    ['_container', container],
    ['_anonymizationConfig', anonymizationConfig],
    ['_maxCount', maxCount],
    ['_isParallel', parallel],
  ];
  return [
    ...typeList(request),
    ...optional.flatMap(([name, value]) =>
      value === undefined ? [] : [[name, String(value)] as const],
    ),
  ];
}

function typeList({ types }: ExportRequest): readonly Parameter[] {
  return types === undefined || types.length === 0 ? [] : [['_type', types.join()]];
}

function checkRequest(request: ExportRequest, dialect: ExportDialect): void {
  if ((request.types ?? []).some((type) => !isResourceType(type))) {
    throw new AppError('INPUT_INVALID', 'an export names something that is no resource type');
  }
  if (dialect === 'ahds') {
    if (request.anonymizationConfig !== undefined && request.container === undefined) {
      const message = 'a de-identified export needs a container for its files';
      throw new AppError('INPUT_INVALID', message);
    }
    return;
  }
  const asked = ahdsOnly.filter((name) => request[name] !== undefined);
  const unknown = request.history ? [...asked, 'history'] : asked;
  if (unknown.length > 0) {
    const message = `the source knows no ${unknown.join(', ')} in an export; only Azure Health Data Services does`;
    throw new AppError('INPUT_INVALID', message, { details: { unknown } });
  }
}
