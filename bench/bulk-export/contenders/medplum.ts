import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MedplumClient } from '@medplum/core';
import { report } from './report.ts';

/** As `medplum bulk export` does: every file at once, each read whole as text and written. */
await report(async (url, folder) => {
  const client = new MedplumClient({ baseUrl: `${url}/`, fhirUrlPath: 'fhir', fetch });
  const { output = [] } = await client.bulkExport('', undefined, undefined, {
    pollStatusOnAccepted: true,
  });
  const counts = await Promise.all(
    output.map(async ({ url: file = '' }, index) => {
      const data = await client.download(file);
      const text = await data.text();
      await writeFile(join(folder, `${index}.ndjson`), text);
      return text.split('\n').length - 1;
    }),
  );
  return counts.reduce((sum, count) => sum + count, 0);
});
