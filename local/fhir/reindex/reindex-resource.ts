import type { FhirRequest, Reply, Service } from '../interaction.ts';
import { liveVersion } from '../interactions/read.ts';
import { parseStored } from '../json.ts';
import { notAllowed } from '../outcome.ts';
import { type IndexValue, indexValues } from '../search/index-values.ts';
import { evaluatePath } from '../search/path.ts';

/** `{Type}/{id}/$reindex`: GET shows the index values of one resource, POST also writes them again. */
export function reindexResource(
  service: Service,
  request: FhirRequest,
  { type, id }: { readonly type: string; readonly id: string },
): Reply {
  if (request.method !== 'GET' && request.method !== 'POST') {
    throw notAllowed("'$reindex' of a resource takes GET and POST.");
  }
  const version = liveVersion(service, type, id);
  const resource = parseStored(version.body);
  if (request.method === 'POST') service.repository.reindex(version);
  const custom = service.registry.custom().flatMap(({ parameters }) => parameters);
  const parameters = [
    ...(service.registry.builtIn.get(type)?.values() ?? []),
    ...custom.filter((parameter) => parameter.type === type),
  ];
  const values = parameters.flatMap(({ code, kind, paths }) =>
    paths
      .flatMap((path) => evaluatePath(path, resource))
      .flatMap((element) => indexValues(kind, element))
      .map((value) => ({ name: code, valueString: told(value) })),
  );
  const body = {
    resourceType: 'Parameters',
    id,
    parameter: [
      { name: 'originalResourceId', valueString: id },
      { name: 'originalResourceVersionId', valueString: String(version.version) },
      ...values,
    ],
  };
  return { status: 200, body: JSON.stringify(body) };
}

function told(value: IndexValue): string {
  switch (value.form) {
    case 'code':
      return value.system === '' ? value.code : `${value.system}|${value.code}`;
    case 'range':
      return `${value.low}-${value.high}`;
    case 'text':
      return value.text;
  }
}
