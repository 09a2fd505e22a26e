import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import {
  compilePack,
  type FhirResource,
  loadMapFiles,
  packRoots,
  withRowsBelow,
} from '../../../shared/mapping/index.ts';
import { mapsFolder, projectFolder } from './maps-folder.ts';

const folder = join(projectFolder, '..', 'shared', 'data', 'synthea-88');
const present = existsSync(folder);
const shipped = await loadMapFiles(mapsFolder);
/** With the expansions that are off by default. */
const expansions = shipped.expansions.map(({ file, content }) => ({
  file,
  content: { ...content, disabled: false },
}));
const pack = compilePack({ ...shipped, expansions }, { enabled: packRoots(shipped, 'all') ?? [] });

function resourcesOf(file: string): readonly FhirResource[] {
  const text = gunzipSync(readFileSync(join(folder, file))).toString('utf8');
  return text
    .split('\n')
    .filter(Boolean)
    .map((line): FhirResource => JSON.parse(line));
}

describe.skipIf(!present)(
  '28,000 synthetic resources (skipped when ../shared/data is absent)',
  () => {
    const files = present ? readdirSync(folder).filter((file) => file.endsWith('.ndjson.gz')) : [];

    test.each(files.filter((file) => pack.roots.has(file.split('.')[0]!)))(
      '%s: every resource maps without a blocking problem and keeps its patient',
      (file) => {
        const root = pack.roots.get(file.split('.')[0]!)!;
        for (const resource of resourcesOf(file)) {
          expect(root.map(resource).problems).toEqual([]);
          for (const expansion of root.expansions) {
            const rows = withRowsBelow(expansion.expand(resource));
            expect(rows.flatMap(({ problems }) => problems)).toEqual([]);
          }
          if (root.patientColumn !== undefined && file !== 'Device.ndjson.gz') {
            const id = root.patientReference(resource)?.slice('Patient/'.length);
            expect(root.map(resource).values[root.patientColumn]).toMatchObject({ id });
          }
        }
      },
    );
  },
);
