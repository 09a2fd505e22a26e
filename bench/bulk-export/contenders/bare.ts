import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { inParallel } from '../../in-parallel.ts';
import { report } from './report.ts';

interface Manifest {
  readonly output: readonly { readonly url: string }[];
}

/** What a script would do: fetch each file, five at a time, and write it, counting line feeds. */
await report(async (url, folder) => {
  const headers = { accept: 'application/fhir+json', prefer: 'respond-async' };
  const kickOff = await fetch(`${url}/fhir/$export`, { headers });
  const status = await fetch(kickOff.headers.get('content-location') ?? '');
  const { output } = (await status.json()) as Manifest;
  const counts = await inParallel([...output.entries()], 5, async ([index, file]) => {
    const { body } = await fetch(file.url);
    let count = 0;
    async function* counted() {
      for await (const chunk of body ?? []) {
        for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) count += 1;
        yield chunk;
      }
    }
    await pipeline(Readable.from(counted()), createWriteStream(join(folder, `${index}.ndjson`)));
    return count;
  });
  return counts.reduce((sum, count) => sum + count, 0);
});
