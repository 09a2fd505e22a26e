import { open } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createBulkExport,
  createExportFileReader,
  ndjsonLines,
} from '../../../shared/bulk/index.ts';
import { createHttp } from '../../../shared/http/index.ts';
import { BenchError } from '../../bench-error.ts';
import { inParallel } from '../../in-parallel.ts';
import { report } from './report.ts';

const filesAtOnce = 5;
const flushBytes = 1_000_000;

await report(async (url, folder) => {
  const http = { allowedOrigins: [url], userAgent: 'bench/1' };
  const source = createBulkExport({ url: `${url}/fhir`, send: createHttp(http), dialect: 'ig' });
  const job = await source.kickOff({ history: false, deleted: true });
  if (job.kind !== 'started') throw new BenchError(job.kind);
  const status = await source.status(job.statusUrl);
  if (status.kind !== 'done') throw new BenchError(status.kind);
  const { files, requiresAccessToken } = status.manifest;
  const read = createExportFileReader({ http });
  const counts = await inParallel([...files.entries()], filesAtOnce, ([index, file]) =>
    keep(read(file, { requiresAccessToken }), join(folder, `${index}.ndjson`)),
  );
  return counts.reduce((sum, count) => sum + count, 0);
});

/** Writes a file as it comes; the number of its lines. */
async function keep(bytes: AsyncIterable<Buffer>, path: string): Promise<number> {
  await using file = await open(path, 'w');
  const kept: Buffer[] = [];
  let size = 0;
  async function* written() {
    for await (const chunk of bytes) {
      kept.push(chunk);
      size += chunk.length;
      if (size >= flushBytes) {
        size = 0;
        await file.writev(kept.splice(0));
      }
      yield chunk;
    }
  }
  let count = 0;
  for await (const lines of ndjsonLines(written(), { file: path })) count += lines.length;
  await file.writev(kept);
  return count;
}
