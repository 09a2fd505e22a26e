import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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

await report(async (url, folder) => {
  const http = { allowedOrigins: [url], userAgent: 'bench/1' };
  const source = createBulkExport({ url: `${url}/fhir`, send: createHttp(http), dialect: 'ig' });
  const job = await source.kickOff({ history: false, deleted: true });
  if (job.kind !== 'started') throw new BenchError(job.kind);
  const status = await source.status(job.statusUrl);
  if (status.kind !== 'done') throw new BenchError(status.kind);
  const { files, requiresAccessToken } = status.manifest;
  const read = createExportFileReader({ http });
  const counts = await inParallel([...files.entries()], filesAtOnce, async ([index, file]) => {
    let count = 0;
    async function* counted() {
      const kept: Buffer[] = [];
      async function* chunks() {
        for await (const chunk of read(file, { requiresAccessToken })) {
          kept.push(chunk);
          yield chunk;
        }
      }
      for await (const lines of ndjsonLines(chunks(), { file: file.url })) {
        count += lines.length;
        yield* kept.splice(0);
      }
      yield* kept;
    }
    await pipeline(Readable.from(counted()), createWriteStream(join(folder, `${index}.ndjson`)));
    return count;
  });
  return counts.reduce((sum, count) => sum + count, 0);
});
