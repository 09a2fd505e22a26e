import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../../shared/errors.ts';
import { compilePack, loadMapFiles } from '../../../shared/mapping/index.ts';
import { basic, withMapsFolder } from './maps-folder.ts';

const sound = {
  name: 'Basic',
  resource: 'Basic',
  table: 'basic',
  patient: { path: '$.subject', column: 'p' },
  select: { name: ['$.name[0]'] },
  attributes: [
    { column: 'a', action: 'Copy Data', type: 'string', source: ['$name.text', { s: '$.a' }] },
    { column: 'b', action: 'Mapped Value', type: 'choice', source: '$.b', values: 'v' },
    {
      column: 'p',
      action: 'Lookup',
      type: 'lookup',
      source: '$.subject',
      table: 'basic',
      references: ['Basic'],
    },
    { action: 'Expand', source: '$.c[*]', expansion: 'child' },
  ],
};
const child = {
  name: 'child',
  resource: 'Basic',
  table: 'child',
  expand: true,
  parentLink: 'parent',
  attributes: [{ column: 'k', action: 'Copy Data', type: 'string', source: '$.k', matching: true }],
};
const values = { name: 'v', rows: [{ fhir: 'x', dataverse: 1 }] };

type Pointer = readonly (string | number)[];

function pointersOf(value: unknown): readonly Pointer[] {
  if (typeof value !== 'object' || value === null) return [[]];
  const below = Object.entries(value).flatMap(([key, part]) =>
    pointersOf(part).map((pointer): Pointer => [key, ...pointer]),
  );
  return [[], ...below];
}

function replaceAt(value: unknown, [key, ...rest]: Pointer, replacement: unknown): unknown {
  if (key === undefined) return replacement;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[key] = replaceAt(copy[key], rest, replacement);
  return copy;
}

const files = { 'entity/b.json': sound, 'expansion/c.json': child, 'values/v.json': values };

/** The lines of the refusal; none when the files make a pack, which then maps. */
async function refusalOf(changed: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  return withMapsFolder(changed, async (folder) => {
    try {
      const pack = compilePack(await loadMapFiles(folder));
      for (const root of pack.roots.values()) root.map(basic({ a: 'x', b: 'x', c: [{}] }));
      return [];
    } catch (error) {
      if (error instanceof AppError && error.code === 'MAP_PACK_INVALID') {
        return error.message.split('\n').slice(1);
      }
      throw error;
    }
  });
}

describe('map files that anyone might write', () => {
  test('either give a pack that maps, or are refused with a place and a remedy', async () => {
    const names = fc.constantFrom(...(Object.keys(files) as (keyof typeof files)[]));
    const spot = names.chain((file) =>
      fc.tuple(fc.constant(file), fc.constantFrom(...pointersOf(files[file]))),
    );
    const near = fc.constantFrom(
      '$',
      '$.a',
      '$name',
      '$..a',
      'Expand',
      '*',
      '{resource}',
      'integer',
    );
    const odd = fc.oneof(near, fc.jsonValue({ maxDepth: 2 }));
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(spot, odd, async ([file, pointer], replacement) => {
        const lines = await refusalOf({
          ...files,
          [file]: replaceAt(files[file], pointer, replacement),
        });
        refused += Math.min(lines.length, 1);
        for (const line of lines) expect(line).toMatch(/^[\w./-]+#(\/.*?)?: .+\. .+\.$/);
      }),
      { numRuns: 250 },
    );
    expect(refused).toBeGreaterThan(50);
  });

  test('the starting point of the above is sound', async () => {
    expect(await refusalOf(files)).toEqual([]);
  });
});
