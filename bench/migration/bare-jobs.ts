import { setTimeout as sleep } from 'node:timers/promises';
import { createBulkExport, createBulkImport, type ImportInput } from '../../shared/bulk/index.ts';
import { createHttp } from '../../shared/http/index.ts';
import { BenchError } from '../bench-error.ts';

export interface Timed<T> {
  readonly seconds: number;
  readonly result: T;
}

const lookMilliseconds = 50;

const sendTo = (url: string) =>
  createHttp({ allowedOrigins: [new URL(url).origin], userAgent: 'bare-jobs/1' });

/** One export, and nothing else: kick-off, looks, manifest. */
export async function bareExport(
  url: string,
  container: string,
): Promise<Timed<readonly ImportInput[]>> {
  const began = performance.now();
  const client = createBulkExport({ url, send: sendTo(url), dialect: 'ahds' });
  const started = await client.kickOff({
    history: true,
    deleted: true,
    container,
    maxCount: 20_000,
    parallel: true,
  });
  if (started.kind !== 'started') throw new BenchError('the export did not start');
  for (;;) {
    const status = await client.status(started.statusUrl);
    if (status.kind === 'done') {
      const files = status.manifest.files.map(({ type = '', url: file }) => ({ type, url: file }));
      return { seconds: (performance.now() - began) / 1000, result: files };
    }
    if (status.kind !== 'running') throw new BenchError(`the export ended ${status.kind}`);
    await sleep(lookMilliseconds);
  }
}

/** One import, and nothing else. */
export async function bareImport(
  url: string,
  files: readonly ImportInput[],
): Promise<Timed<number>> {
  const began = performance.now();
  const client = createBulkImport({ url, send: sendTo(url) });
  const started = await client.kickOff({ files });
  if (started.kind !== 'started') throw new BenchError('the import did not start');
  for (;;) {
    const status = await client.status(started.statusUrl);
    if (status.kind === 'done') {
      if (status.errors.length > 0) throw new BenchError('the import refused lines');
      const loaded = status.outputs.reduce((sum, { count }) => sum + count, 0);
      return { seconds: (performance.now() - began) / 1000, result: loaded };
    }
    if (status.kind !== 'running') throw new BenchError(`the import ended ${status.kind}`);
    await sleep(lookMilliseconds);
  }
}
