import { describe, expect, test } from 'vitest';
import { loadMapFiles } from '../../../shared/mapping/index.ts';
import { compileAlone, readGolden, shownBy } from './column-golden.ts';
import { mapsFolder } from './maps-folder.ts';

const files = await loadMapFiles(mapsFolder);

describe('every source, code and target type of every attribute fills the columns that were reviewed', () => {
  test.each(files.entities.map(({ content }) => [content.name, content] as const))(
    '%s',
    (_name, content) => {
      const root = compileAlone(files, content);
      const golden = readGolden(content);
      expect(golden.length).toBeGreaterThan(5);
      for (const { resource, shown } of golden) {
        expect({ resource, shown: shownBy(root, resource) }).toEqual({ resource, shown });
      }
      const filled = new Set(
        golden.flatMap(({ shown }) => Object.keys((shown as { row: object }).row)),
      );
      expect(root.columns.filter((column) => !filled.has(column))).toEqual([]);
    },
  );
});
