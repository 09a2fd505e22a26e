import { isResourceType } from '../definitions.ts';
import { unsupportedHeader } from '../export/export-request.ts';
import type { FhirRequest } from '../interaction.ts';
import type { BulkSettings } from '../jobs/bulk-settings.ts';
import type { StorageAccount } from '../jobs/storage-account.ts';
import { isObject, itemsOf, type Json, type JsonObject, textAt } from '../json.ts';
import { badRequest } from '../outcome.ts';
import type { ImportInput, ImportRequest } from './import-definition.ts';

const defaultUnitBytes = 10_000_000;

/** Reads and checks the Parameters of an `$import` as the service does (facts, migration 2.2); throws 400. */
export function parseImport(request: FhirRequest, settings: BulkSettings): ImportRequest {
  checkHeaders(request);
  const { body } = request;
  if (body?.['resourceType'] !== 'Parameters') {
    throw badRequest(
      'Import request must be specified as a Paramters.  The body provided in this request is not valid. ',
    );
  }
  const parameters = itemsOf(body['parameter']).filter(isObject);
  const inputFormat = textOf(named(parameters, 'inputFormat')) ?? '';
  if (inputFormat.toLowerCase() !== 'application/fhir+ndjson') throw invalidValue('inputFormat');
  const storageType = textOf(part(named(parameters, 'storageDetail'), 'type')) ?? 'azure-blob';
  if (storageType.toLowerCase() !== 'azure-blob') throw invalidValue('storageDetails');
  const input = parameters.filter((parameter) => parameter['name'] === 'input').map(readInput);
  checkInput(input, settings.storage);
  return {
    url: `${request.baseUrl}/$import`,
    inputFormat,
    inputSource: textOf(named(parameters, 'inputSource')) ?? null,
    mode: modeOf(parameters, settings),
    allowNegativeVersions: flagOf(named(parameters, 'allowNegativeVersions')),
    eventualConsistency: flagOf(named(parameters, 'eventualConsistency')),
    unitBytes: unitBytesOf(named(parameters, 'processingUnitBytesToRead')),
    errorContainer: textOf(named(parameters, 'errorContainerName')) || null,
    input: [...input],
    agent: request.agent,
  };
}

function checkHeaders({ headers }: FhirRequest): void {
  if (headers.prefer?.toLowerCase() !== 'respond-async') {
    throw unsupportedHeader(headers.prefer, 'Prefer');
  }
  if (!headers.contentType?.toLowerCase().includes('application/fhir+json')) {
    throw unsupportedHeader(headers.contentType, 'Content-Type');
  }
}

function readInput(parameter: JsonObject): ImportInput {
  return {
    type: textOf(part(parameter, 'type')) || null,
    url: textOf(part(parameter, 'url')) ?? '',
    etag: textOf(part(parameter, 'etag')) || null,
  };
}

function checkInput(input: readonly ImportInput[], storage: StorageAccount | undefined): void {
  if (input.length === 0) throw invalidValue('input');
  if (storage === undefined) {
    throw badRequest(
      'The import storage account is not configured correctly on the server. Import operations require a valid storage account.',
    );
  }
  const seen = new Set<string>();
  const repeated = input.filter(({ url }) => seen.size === seen.add(url).size);
  if (repeated.length > 0) {
    const urls = [...new Set(repeated.map(({ url }) => url))].join(', ');
    throw badRequest(`Import request cannot have duplicate files. Found duplicates: ${urls}. `);
  }
  for (const { type, url } of input) {
    if (type !== null && !isResourceType(type)) throw unsupportedType(type);
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || parsed.search !== '') throw invalidValue('input.url');
    if (!storage.isOwn(parsed)) {
      throw badRequest('input.url must match the configured integration storage account endpoint.');
    }
  }
  if (input.some(({ type }) => type === 'SearchParameter'))
    throw unsupportedType('SearchParameter');
}

function modeOf(parameters: readonly JsonObject[], settings: BulkSettings): ImportRequest['mode'] {
  const mode = textOf(named(parameters, 'mode'))?.toLowerCase() ?? '';
  if (mode === '' || mode === 'incrementalload') return 'IncrementalLoad';
  if (mode !== 'initialload') {
    throw badRequest(
      'Import mode can be either "InitialLoad"or "IncrementalLoad". Please add appropriate mode value to parameters.',
    );
  }
  if (!settings.initialImportMode && !flagOf(named(parameters, 'force'))) {
    throw badRequest(
      'Initial import mode is not enabled. Please update service configuration to enable initial import mode.',
    );
  }
  return 'InitialLoad';
}

function unitBytesOf(parameter: JsonObject | undefined): number {
  const value = valueAt(parameter);
  return typeof value === 'number' && Number.isInteger(value) && value > 0
    ? value
    : defaultUnitBytes;
}

function named(parameters: readonly JsonObject[], name: string): JsonObject | undefined {
  return parameters.find((parameter) => parameter['name'] === name);
}

function part(parameter: JsonObject | undefined, name: string): JsonObject | undefined {
  return named(itemsOf(parameter?.['part']).filter(isObject), name);
}

/** The value[x] of a parameter, whatever its type. */
function valueAt(parameter: JsonObject | undefined): Json | undefined {
  const key = Object.keys(parameter ?? {}).find((name) => name.startsWith('value'));
  return key === undefined ? undefined : parameter?.[key];
}

function textOf(parameter: JsonObject | undefined): string | undefined {
  return textAt({ value: valueAt(parameter) }, 'value');
}

function flagOf(parameter: JsonObject | undefined): boolean {
  return valueAt(parameter) === true;
}

function invalidValue(name: string): Error {
  return badRequest(`Value of the following parameter ${name} is invalid.`);
}

function unsupportedType(type: string): Error {
  return badRequest(`Requested operation does not support resource type: ${type}.`);
}
