import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { isObject, itemsOf, type JsonObject, textAt } from '../json.ts';
import { badRequest, type Issue, notAllowed, notFound, outcomeResource } from '../outcome.ts';

interface Listed {
  readonly url: string;
  readonly codes: ReadonlySet<string>;
  readonly types: ReadonlySet<string>;
}

/** `SearchParameter/$status`: GET lists, filtered by url, code or resourcetype; PUT enables and disables. */
export function parameterStatus(service: Service, request: FhirRequest): Reply {
  if (request.method === 'PUT') return update(service, request);
  if (request.method !== 'GET' && request.method !== 'POST') {
    throw notAllowed("'SearchParameter/$status' takes GET, POST and PUT.");
  }
  const filters = [...request.query].map(
    ([name, value]) => [name.toLowerCase(), value.split(',')] as const,
  );
  const listed = allParameters(service).filter((parameter) =>
    filters.every(([name, values]) => fits(parameter, name, values)),
  );
  if (listed.length === 0) throw notFound('No search parameter fits the filter of $status.');
  const parameter = listed.map(({ url }) => statusPart(service, url));
  return { status: 200, body: JSON.stringify({ resourceType: 'Parameters', parameter }) };
}

function statusPart(service: Service, url: string): JsonObject {
  return {
    name: 'searchParameterStatus',
    part: [
      { name: 'url', valueUrl: url },
      { name: 'status', valueString: service.registry.statusOf(url) },
    ],
  };
}

function allParameters({ registry }: Service): readonly Listed[] {
  const byUrl = new Map<string, { codes: Set<string>; types: Set<string> }>();
  const builtIn = [...registry.builtIn.values()].flatMap((ofType) => [...ofType.values()]);
  const custom = registry.custom().flatMap(({ parameters }) => parameters);
  for (const { definition, code, type } of [...builtIn, ...custom]) {
    const one = byUrl.get(definition) ?? { codes: new Set(), types: new Set() };
    byUrl.set(definition, one);
    one.codes.add(code);
    one.types.add(type);
  }
  return [...byUrl].map(([url, sets]) => ({ url, ...sets }));
}

function fits(parameter: Listed, name: string, values: readonly string[]): boolean {
  switch (name) {
    case 'url':
      return values.includes(parameter.url);
    case 'code':
      return values.some((code) => parameter.codes.has(code));
    case 'resourcetype':
      return values.some((type) => parameter.types.has(type));
    default:
      return true;
  }
}

function update(service: Service, { body }: FhirRequest): Reply {
  const changes = itemsOf(body?.['parameter']).map(readChange);
  if (changes.length === 0) throw badRequest('$status takes Parameters with url and status parts.');
  const known = new Set(allParameters(service).map(({ url }) => url));
  const failures: Issue[] = [];
  const done: JsonObject[] = [];
  for (const { url, status } of changes) {
    if (!known.has(url)) {
      const diagnostics = `The search parameter '${url}' was not found.`;
      failures.push({ severity: 'information', code: 'not-found', diagnostics });
    } else if (status !== 'Supported' && status !== 'Disabled') {
      const diagnostics = `The status of '${url}' can be set to Supported or Disabled only.`;
      failures.push({ severity: 'error', code: 'invalid', diagnostics });
    } else {
      service.registry.setStatus(url, status === 'Disabled' ? 'PendingDisable' : 'Supported');
      done.push(statusPart(service, url));
    }
  }
  const entry = [
    ...(failures.length === 0 ? [] : [{ resource: outcomeResource(failures) }]),
    ...(done.length === 0 ? [] : [{ resource: { resourceType: 'Parameters', parameter: done } }]),
  ];
  const bundle = { resourceType: 'Bundle', type: 'batch-response', total: entry.length, entry };
  return { status: 200, body: JSON.stringify(bundle) };
}

function readChange(parameter: unknown): { readonly url: string; readonly status: string } {
  const parts = isObject(parameter) ? itemsOf(parameter['part']).filter(isObject) : [];
  const partText = (name: string) => {
    const part = parts.find((one) => one['name'] === name) ?? {};
    return ['valueUrl', 'valueUri', 'valueString', 'valueCode']
      .map((key) => textAt(part, key))
      .find((value) => value !== undefined);
  };
  const [url, status] = [partText('url'), partText('status')];
  if (url === undefined || status === undefined) {
    throw badRequest('Each parameter of $status needs the parts url and status.');
  }
  return { url, status };
}
