import { BlobServiceClient } from '@azure/storage-blob';
import { beforeAll } from 'vitest';
import type { FhirOptions } from '../../../local/fhir/index.ts';
import { newStorageAccount, type StorageAccount } from '../../support/storage-account.ts';
import { type Answer, type Door, serve } from './running-service.ts';

let storage: StorageAccount;
let blobs: BlobServiceClient;

/** To be called once at the top of a test file: a storage account for all its tests. */
export function useStorage(): void {
  beforeAll(() => {
    storage = newStorageAccount();
    blobs = BlobServiceClient.fromConnectionString(storage.connectionString);
  });
}

export const connectionString = (): string => storage.connectionString;
export const blobService = (): BlobServiceClient => blobs;

export const serveBulk = (options: Partial<FhirOptions> = {}): Promise<Door> =>
  serve({ storage: storage.connectionString, ...options });

let containers = 0;

/** A container name that no other test uses. */
export const newContainer = (): string => `test-${process.pid}-${++containers}`;

/** Uploads lines (objects or text) as one NDJSON blob and returns its URL. */
export async function upload(lines: readonly unknown[], name = 'input.ndjson'): Promise<string> {
  const container = blobs.getContainerClient(newContainer());
  await container.create();
  const text = lines
    .map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
    .join('');
  const blob = container.getBlockBlobClient(name);
  await blob.upload(text, Buffer.byteLength(text));
  return blob.url;
}

/** The text of a blob by its URL, read with the keys of the account. */
export async function textOf(url: string): Promise<string> {
  const [container = '', ...name] = new URL(url).pathname
    .split('/')
    .slice(2)
    .map(decodeURIComponent);
  const blob = blobs.getContainerClient(container).getBlobClient(name.join('/'));
  return (await blob.downloadToBuffer()).toString();
}

export async function linesOf(url: string): Promise<string[]> {
  return (await textOf(url)).split('\n').filter(Boolean);
}

export const exportHeaders = { accept: 'application/fhir+json', prefer: 'respond-async' };
export const importHeaders = { 'content-type': 'application/fhir+json', prefer: 'respond-async' };

export interface Manifest {
  readonly transactionTime: string;
  readonly request: string;
  readonly requiresAccessToken?: boolean;
  readonly output: { type?: string; url: string; inputUrl: string; count: number }[];
  readonly error: { type?: string; url: string; inputUrl: string; count: number }[];
  readonly issues?: unknown[];
}

/** Path of a Content-Location below the base of the service. */
export function pathOf(kickOff: Answer): string {
  const url = new URL(kickOff.headers.get('content-location')!);
  return url.pathname;
}

/** Polls until the answer is something else than 202. */
export async function settled(service: Door, path: string): Promise<Answer> {
  for (;;) {
    const answer = await service.call('GET', path);
    if (answer.status !== 202) return answer;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

export const manifestOf = (answer: Answer): Manifest => JSON.parse(answer.text);

/** Waits until the clock has left this millisecond, so that an export sees all that was written. */
export async function tick(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 3));
}

export async function runExport(service: Door, query = '', path = ''): Promise<Manifest> {
  await tick();
  const kickOff = await service.call('GET', `${path}/$export${query}`, undefined, exportHeaders);
  if (kickOff.status !== 202) throw new Error(kickOff.text);
  return manifestOf(await settled(service, pathOf(kickOff)));
}

/** The resources of an export, by type in the order of its files. */
export async function exported(manifest: Manifest): Promise<Resource[]> {
  const texts = await Promise.all(manifest.output.map(({ url }) => linesOf(url)));
  return texts.flat().map((line) => JSON.parse(line));
}

export interface Resource {
  readonly resourceType: string;
  readonly id: string;
  readonly meta: { versionId: string; lastUpdated: string; extension?: unknown[] };
  readonly [element: string]: unknown;
}

interface ImportInput {
  readonly url: string;
  readonly type?: string;
  readonly etag?: string;
}

export function importParameters(
  inputs: readonly ImportInput[],
  more: readonly Record<string, unknown>[] = [],
) {
  return {
    resourceType: 'Parameters',
    parameter: [
      { name: 'inputFormat', valueString: 'application/fhir+ndjson' },
      ...(more.some(({ name }) => name === 'mode')
        ? []
        : [{ name: 'mode', valueString: 'IncrementalLoad' }]),
      ...more,
      ...inputs.map(({ url, type, etag }) => ({
        name: 'input',
        part: [
          ...(type === undefined ? [] : [{ name: 'type', valueString: type }]),
          { name: 'url', valueUri: url },
          ...(etag === undefined ? [] : [{ name: 'etag', valueUri: etag }]),
        ],
      })),
    ],
  };
}

export const startImport = (service: Door, parameters: unknown): Promise<Answer> =>
  service.call('POST', '/$import', parameters, importHeaders);

/** Imports lines and returns how many were taken, and the causes of those that were not. */
export async function importLines(
  service: Door,
  lines: readonly unknown[],
  more: readonly Record<string, unknown>[] = [],
) {
  const url = await upload(lines);
  const kickOff = await startImport(service, importParameters([{ url }], more));
  if (kickOff.status !== 202) throw new Error(kickOff.text);
  const answer = await settled(service, pathOf(kickOff));
  if (answer.status !== 200)
    return { status: answer.status, text: answer.text, count: 0, causes: [] };
  const { output, error } = manifestOf(answer);
  const errorLines = await Promise.all(error.map((item) => linesOf(item.url)));
  const causes = errorLines.flat().map((line): string => JSON.parse(line).issue[0].details.text);
  return { status: 200, text: answer.text, count: output[0]!.count, causes };
}

/** A Patient version as an export writes it. */
export function version(
  id: string,
  versionId: number | undefined,
  lastUpdated: string | undefined,
  content: Record<string, unknown> = {},
) {
  const meta = {
    ...(versionId === undefined ? {} : { versionId: String(versionId) }),
    ...(lastUpdated === undefined ? {} : { lastUpdated }),
  };
  const isBare = versionId === undefined && lastUpdated === undefined;
  return { resourceType: 'Patient', id, ...(isBare ? {} : { meta }), ...content };
}

export const deletedMark = {
  url: 'http://azurehealthcareapis.com/data-extensions/deleted-state',
  valueString: 'soft-deleted',
};

/** All versions of a Patient, latest first, as `versionId@lastUpdated`; deletions with a minus behind. */
export async function historyOf(service: Door, id: string): Promise<string[]> {
  const { json } = await service.call('GET', `/Patient/${id}/_history?_count=1000`);
  return (json.entry ?? []).map(
    ({ resource, request }) =>
      `${resource!.meta!.versionId}@${resource!.meta!.lastUpdated}${request!.method === 'DELETE' ? '-' : ''}`,
  );
}
