import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { coverageTable, withCoverage } from '../../../local/maps/coverage.ts';
import { loadMapFiles } from '../../../shared/mapping/index.ts';
import { mapsFolder, projectFolder } from './maps-folder.ts';

describe('docs/maps.md', () => {
  test('says of every map what it carries (node local/maps/main.ts coverage --write)', async () => {
    const text = readFileSync(join(projectFolder, 'docs', 'maps.md'), 'utf8').replaceAll(
      '\r\n',
      '\n',
    );
    const table = await coverageTable(await loadMapFiles(mapsFolder));
    expect(withCoverage(text, table)).toBe(text);
    expect(table).toContain('| Goal | `msemr_goal` |');
  });
});
