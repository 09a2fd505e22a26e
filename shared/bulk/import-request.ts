import { AppError } from '../errors.ts';
import { isResourceType } from '../fhir/index.ts';
import type { HttpRequest } from '../http/index.ts';
import { bareEtag } from './bare-etag.ts';
import type { ImportInput, ImportRequest } from './contract.ts';

/**
 * The kick-off of `$import` (facts 2.2). A repeat is harmless: the server finds a job by the
 * content of its request.
 *
 * @throws AppError INPUT_INVALID for what the server would refuse with 400
 */
export function importByPost(base: string, request: ImportRequest): HttpRequest {
  checkFiles(request.files);
  const { unitBytes, allowNegativeVersions, errorContainer } = request;
  const parameter = [
    { name: 'inputFormat', valueString: 'application/fhir+ndjson' },
    { name: 'mode', valueString: request.mode ?? 'IncrementalLoad' },
    ...(allowNegativeVersions === undefined
      ? []
      : [{ name: 'allowNegativeVersions', valueBoolean: allowNegativeVersions }]),
    ...(unitBytes === undefined
      ? []
      : [{ name: 'processingUnitBytesToRead', valueInteger: unitBytes }]),
    ...(errorContainer === undefined
      ? []
      : [{ name: 'errorContainerName', valueString: errorContainer }]),
    ...request.files.map(inputOf),
  ];
  return {
    method: 'POST',
    url: `${base}/$import`,
    headers: {
      accept: 'application/fhir+json',
      'content-type': 'application/fhir+json',
      prefer: 'respond-async',
    },
    body: JSON.stringify({ resourceType: 'Parameters', parameter }),
    idempotent: true,
  };
}

function inputOf({ type, url, etag }: ImportInput) {
  const part = [
    ...(type === undefined ? [] : [{ name: 'type', valueString: type }]),
    { name: 'url', valueUri: url },
    ...(etag === undefined ? [] : [{ name: 'etag', valueUri: bareEtag(etag) }]),
  ];
  return { name: 'input', part };
}

function checkFiles(files: readonly ImportInput[]): void {
  if (files.length === 0) {
    throw new AppError('INPUT_INVALID', 'an import needs at least one file');
  }
  const seen = new Set<string>();
  for (const [index, { type, url }] of files.entries()) {
    const target = URL.canParse(url) ? new URL(url) : undefined;
    if (target === undefined || target.search !== '' || target.hash !== '') {
      throw refused(
        index,
        'has no absolute URL, or one with a query (access signatures do not work)',
      );
    }
    if (seen.has(target.href)) {
      throw refused(index, 'names a URL that is in the list already');
    }
    seen.add(target.href);
    if (type !== undefined && (!isResourceType(type) || type === 'SearchParameter')) {
      throw refused(index, 'has a type that cannot be imported');
    }
  }
}

function refused(index: number, problem: string): AppError {
  return new AppError('INPUT_INVALID', `file ${index} of an import ${problem}`, {
    details: { index },
  });
}
