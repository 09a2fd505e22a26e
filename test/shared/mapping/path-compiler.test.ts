import fc from 'fast-check';
import { JSONPath } from 'jsonpath-plus';
import { describe, expect, test } from 'vitest';
import { compilePath } from '../../../shared/mapping/path-compiler.ts';
import { parsePath } from '../../../shared/mapping/path-syntax.ts';

function read(path: string, document: unknown): readonly unknown[] {
  const parsed = parsePath(path);
  if (parsed.kind === 'refused') throw new Error(`${path}: ${parsed.problem}`);
  return compilePath(parsed.steps).all(document);
}

const names = ['use', 'system', 'value', 'period', 'given'] as const;
const literals = ['official', 'home', 'phone'] as const;
const name = fc.constantFrom(...names);

const scalar = fc.oneof(fc.constantFrom(...literals), fc.integer(), fc.boolean());
const { node } = fc.letrec<{ node: unknown }>((tie) => ({
  node: fc.oneof(
    { depthSize: 'medium', maxDepth: 5 },
    scalar,
    fc.array(tie('node'), { maxLength: 4 }),
    fc.dictionary(name, tie('node'), { maxKeys: 5, noNullPrototype: true }),
  ),
}));
const document = fc.dictionary(name, node, { minKeys: 2, noNullPrototype: true });

const comparison = fc
  .tuple(name, fc.constantFrom('==', '!='), fc.constantFrom(...literals))
  .map(([member, operator, literal]) => `@.${member}${operator}'${literal}'`);
const step = fc.oneof(
  { arbitrary: name.map((member) => `.${member}`), weight: 5 },
  name.map((member) => `['${member}']`),
  fc.nat({ max: 3 }).map((index) => `[${index}]`),
  fc.nat({ max: 2 }).map((start) => `[${start}:]`),
  fc.constant('[*]'),
  fc.array(comparison, { minLength: 1, maxLength: 2 }).map((parts) => `[?(${parts.join(' && ')})]`),
);
const steps = fc.array(step, { minLength: 1, maxLength: 5 });
const path = steps.map((parts) => `$${parts.join('')}`);

/** Its == is JavaScript's, which takes ['home'] for 'home'; ours compares strictly. */
function byLibrary(text: string, json: object): readonly unknown[] {
  const path = text.replaceAll('==', '===').replaceAll('!=', '!==');
  const found: unknown = JSONPath({ path, json, eval: 'safe' });
  return Array.isArray(found) ? found : [];
}

/** jsonpath-plus takes `[0]` of a text as its first letter, which RFC 9535 does not. */
function indexesText(parts: readonly string[], json: object): boolean {
  return parts.some((part, index) => {
    const before = byLibrary(`$${parts.slice(0, index).join('')}`, json);
    return /^\[\d/.test(part) && before.some((value) => typeof value === 'string');
  });
}

describe('path compiler', () => {
  test('reads what jsonpath-plus reads, for every path of the common subset', () => {
    let found = 0;
    fc.assert(
      fc.property(document, steps, (json, parts) => {
        fc.pre(!indexesText(parts, json));
        const text = `$${parts.join('')}`;
        const expected = byLibrary(text, json);
        found += expected.length;
        expect(read(text, json)).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
    expect(found).toBeGreaterThan(500);
  });

  test('the first value is the first of all values that is not null', () => {
    fc.assert(
      fc.property(document, path, (json, text) => {
        const parsed = parsePath(text);
        if (parsed.kind === 'refused') throw new Error(parsed.problem);
        const compiled = compilePath(parsed.steps);
        expect(compiled.first(json)).toEqual(compiled.all(json).find((value) => value !== null));
      }),
      { numRuns: 1000 },
    );
  });

  test('a choice element is found under whichever type it has, and nothing else is', () => {
    expect(read('$.value[x]', { valueString: 'a' })).toEqual(['a']);
    expect(read('$.value[x]', { valueSet: 'a', valued: 'b', _valueString: {} })).toEqual([]);
    expect(read('$.a[*].value[x].code', { a: [{ valueCoding: { code: 'c' } }] })).toEqual(['c']);
  });

  test('the short filter form means the long one', () => {
    const json = {
      name: [
        { use: 'old', text: 'a' },
        { use: 'official', text: 'b' },
      ],
    };
    expect(read("$.name[?use='official'].text", json)).toEqual(['b']);
    expect(read("$.name[?(@.use=='official')].text", json)).toEqual(['b']);
  });

  test('filters test presence and absence, and read below the item', () => {
    const json = {
      a: [{ n: 1 }, { use: 'x', n: 2 }, { type: { coding: [{ code: 'MR' }] }, n: 3 }],
    };
    expect(read('$.a[?(@.use)].n', json)).toEqual([2]);
    expect(read('$.a[?(!@.use)].n', json)).toEqual([1, 3]);
    expect(read("$.a[?(@.type.coding[0].code=='MR')].n", json)).toEqual([3]);
    expect(read('$.a[?(@.n==2)].use', json)).toEqual(['x']);
  });

  test.each([
    ['$.name[(@.length-1)]', 'script'],
    ['$.name[?(process.exit())]', 'script'],
    ["$.name[?(@.use.constructor('return 1')())]", 'filter'],
    ['$.name[?(@.use == @.system)]', 'filter'],
    ["$.name[?(@.use=='a' || @.use=='b')]", 'filter'],
    ['$..family', 'recursive'],
    ['$.name[0,1]', 'not a step'],
    ['$.name[-1]', 'not a step'],
    ['$.name~', 'not a step'],
    ['$.name^', 'not a step'],
    ['$.*', 'not a step'],
    ['name.family', 'does not start with $'],
    ['', 'does not start with $'],
    ['$.constructor', 'built-in'],
    ["$['__proto__']", 'built-in'],
    ['$.name.', 'not a step'],
  ])('%s is refused with a reason and a remedy', (text, reason) => {
    const parsed = parsePath(text);
    expect(parsed).toMatchObject({ kind: 'refused', problem: expect.stringContaining(reason) });
    expect(parsed).toMatchObject({ remedy: expect.stringMatching(/\S{3}/) });
  });

  test('no text at all is ever evaluated or makes the parser fail', () => {
    const bits = [
      '$',
      '.',
      '[',
      ']',
      '?(',
      ')',
      '@',
      "'",
      '==',
      'a',
      '(',
      '0',
      '*',
      '!',
      '&&',
      ':',
    ];
    const noise = fc.array(fc.oneof(fc.constantFrom(...bits), fc.string()), { maxLength: 12 });
    fc.assert(
      fc.property(noise, (parts) => {
        expect(['path', 'refused']).toContain(parsePath(`$${parts.join('')}`).kind);
      }),
    );
  });
});
