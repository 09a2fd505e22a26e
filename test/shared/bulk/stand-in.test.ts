import { afterAll, beforeAll, expect, test } from 'vitest';
import { type RunningFhir, startFhir } from '../../../local/fhir/index.ts';
import {
  type BlobStore,
  type BulkExport,
  type BulkImport,
  createBlobStore,
  createBulkExport,
  createBulkImport,
  createBundleImport,
  createExportFileReader,
  type ExportManifest,
  type ExportRequest,
  type ImportRequest,
  locateErrors,
  ndjsonLines,
  readImportErrors,
  scanResource,
} from '../../../shared/bulk/index.ts';
import { createHttp } from '../../../shared/http/index.ts';
import { newStorageAccount } from '../../support/storage-account.ts';

/** The way a move takes: $export of one local service, through Azurite, $import into another. */
const storage = newStorageAccount();
let source: RunningFhir;
let target: RunningFhir;
let store: BlobStore;
let exporter: BulkExport;
let importer: BulkImport;

beforeAll(async () => {
  const options = { port: 0, storage: storage.connectionString };
  [source, target] = await Promise.all([startFhir(options), startFhir(options)]);
  store = createBlobStore({ connectionString: storage.connectionString });
  const send = createHttp({ allowedOrigins: [source.url, target.url], userAgent: 'test/1' });
  exporter = createBulkExport({ url: source.url, send, dialect: 'ahds' });
  importer = createBulkImport({ url: target.url, send });
  const writer = createBundleImport({ url: source.url, send });
  const put = (id: string, active: boolean) => ({
    kind: 'put' as const,
    resourceType: 'Patient',
    id,
    json: `{"resourceType":"Patient","id":"${id}","active":${active}}`,
  });
  await writer.load(Array.from({ length: 50 }, (_, n) => put(`p${n}`, true)));
  await writer.load([put('p0', false), { kind: 'delete', resourceType: 'Patient', id: 'p1' }]);
}, 120_000);
afterAll(async () => {
  await Promise.all([source.close(), target.close()]);
});

async function exported(request: ExportRequest): Promise<ExportManifest> {
  const job = await exporter.kickOff(request);
  if (job.kind !== 'started') throw new Error(job.kind);
  for (;;) {
    const status = await exporter.status(job.statusUrl);
    if (status.kind === 'done') return status.manifest;
    if (status.kind !== 'running') throw new Error(status.kind);
    await new Promise((done) => setTimeout(done, 20));
  }
}

async function imported(request: ImportRequest) {
  const job = await importer.kickOff(request);
  if (job.kind !== 'started') throw new Error(job.kind);
  for (;;) {
    const status = await importer.status(job.statusUrl);
    if (status.kind !== 'running') return { ...job, status };
    await new Promise((done) => setTimeout(done, 20));
  }
}

function linesOf(url: string) {
  const read = createExportFileReader({ store, http: { allowedOrigins: [], userAgent: 'test/1' } });
  return ndjsonLines(read({ url }, { requiresAccessToken: false }), { file: url });
}

test('a history with deletes is exported, composed, imported, and imported again without effect', async () => {
  await store.ensureContainer('window-1');
  const manifest = await exported({
    history: true,
    deleted: true,
    container: 'window-1',
    maxCount: 10,
  });
  expect(manifest.files.length).toBeGreaterThan(1);
  const scans = [];
  for (const { url } of manifest.files) {
    for await (const batch of linesOf(url))
      scans.push(...batch.map(({ bytes }) => scanResource(bytes)));
  }
  expect(scans).toHaveLength(manifest.files.reduce((sum, { count }) => sum + (count ?? 0), 0));
  expect(scans.filter((scan) => scan.kind === 'resource' && scan.softDeleted)).toMatchObject([
    { id: 'p1', versionId: '2' },
  ]);

  const composed = await store.compose(
    'window-1',
    'all.ndjson',
    manifest.files.map(({ url }) => url),
  );
  const first = await imported({
    files: [{ type: 'Patient', url: composed.url, etag: composed.etag }],
  });
  expect(first.status).toMatchObject({
    kind: 'done',
    outputs: [{ url: composed.url, count: 52 }],
    errors: [],
  });

  const again = await store.compose('window-1', 'again.ndjson', [composed.url]);
  const second = await imported({ files: [{ type: 'Patient', url: again.url }] });
  expect(second.status).toMatchObject({ kind: 'done', errors: [] });
  expect(await importer.cancel(second.statusUrl)).toBe('ended');
});

test('lines that are refused are found again by unit and line', async () => {
  await store.ensureContainer('window-2');
  const line = (id: string, more = '') => `{"resourceType":"Patient","id":"${id}"${more}}`;
  const good = Array.from({ length: 20 }, (_, n) => line(`good-${n}`));
  const bad = [
    line('not/an/id'),
    '{"resourceType":"Patient"',
    line('late', ',"meta":{"versionId":"1","lastUpdated":"2999-01-01T00:00:00Z"}'),
  ];
  const text = [
    ...good.slice(0, 7),
    bad[0],
    ...good.slice(7, 15),
    bad[1],
    bad[2],
    ...good.slice(15),
  ].join('\n');
  const { url } = await store.write('window-2', 'mixed.ndjson', Buffer.from(text));
  const { status } = await imported({ files: [{ type: 'Patient', url }], unitBytes: 300 });
  expect(status.kind).toBe('done');
  if (status.kind !== 'done') return;
  expect(status.outputs).toMatchObject([{ url, count: 20 }]);

  const errors = [];
  for (const { errorUrl } of status.errors) {
    if (errorUrl === undefined) continue;
    for await (const batch of readImportErrors(linesOf(errorUrl))) errors.push(...batch);
  }
  const found: [string, string][] = [];
  for await (const batch of locateErrors(linesOf(url), errors)) {
    for (const {
      error,
      line: { bytes },
    } of batch)
      found.push([error.cause, bytes.toString()]);
  }
  expect(found).toEqual([
    [expect.stringMatching(/^(invalid-id|other)$/), bad[0]],
    ['unreadable', bad[1]],
    ['future-date', bad[2]],
  ]);
});

test('a job that is cancelled says so', async () => {
  const job = await exporter.kickOff({ history: false, deleted: false });
  if (job.kind !== 'started') throw new Error(job.kind);
  expect(await exporter.cancel(job.statusUrl)).toBe('cancelled');
  expect(await exporter.status(job.statusUrl)).toEqual({ kind: 'gone' });
  expect(await exporter.status(exporter.statusUrlOf('424242'))).toEqual({ kind: 'gone' });
});
