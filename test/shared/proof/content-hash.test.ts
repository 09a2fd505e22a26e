import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRetryable } from '../../../shared/errors.ts';
import { createResourceScanner } from '../../../shared/proof/index.ts';
import { print, resourceTree, slowHash, type Tree, tree } from './json-tree.ts';

const scanner = createResourceScanner({ references: true });
const scan = (line: string) => scanner.scan(Buffer.from(line));
const hashOf = (line: string): string => scan(line).contentHash;
const deletedMark =
  '{"url":"http://azurehealthcareapis.com/data-extensions/deleted-state","valueString":"soft-deleted"}';

/** Numbers from 0 to 1 of a seed (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function countValues(node: Tree): number {
  if (node.kind === 'array')
    return 1 + node.items.reduce((sum, item) => sum + countValues(item), 0);
  if (node.kind === 'object')
    return 1 + node.members.reduce((sum, [, item]) => sum + countValues(item), 0);
  return 1;
}

/** The tree with its value number `at` replaced by another one. */
function changeValue(node: Tree, at: number): Tree {
  if (at === 0)
    return { kind: 'string', value: node.kind === 'string' ? `${node.value}x` : 'changed' };
  let left = at - 1;
  const inner = (child: Tree): Tree => {
    const size = countValues(child);
    const hit = left >= 0 && left < size;
    const changed = hit ? changeValue(child, left) : child;
    left -= size;
    return changed;
  };
  if (node.kind === 'array') return { ...node, items: node.items.map(inner) };
  if (node.kind === 'object') {
    return { ...node, members: node.members.map(([key, value]) => [key, inner(value)] as const) };
  }
  return node;
}

describe('the content hash', () => {
  it('is that of the slow way: parse, sort, print, hash', () => {
    fc.assert(
      fc.property(resourceTree, fc.integer(), (resource, seed) => {
        const line = print(resource, seeded(seed));
        expect(hashOf(line)).toBe(slowHash(line));
      }),
      { numRuns: 1_000 },
    );
  });

  it('does not depend on the order of members, white space or escapes', () => {
    fc.assert(
      fc.property(resourceTree, fc.integer(), fc.integer(), (resource, first, second) => {
        expect(hashOf(print(resource, seeded(first)))).toBe(
          hashOf(print(resource, seeded(second))),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('is another when any single value is another', () => {
    fc.assert(
      fc.property(tree, fc.nat(), (inner, at) => {
        const line = (value: Tree) =>
          `{"resourceType":"Basic","id":"1","x":${print(value, () => 0.5)}}`;
        const changed = changeValue(inner, at % countValues(inner));
        expect(hashOf(line(changed))).not.toBe(hashOf(line(inner)));
      }),
      { numRuns: 500 },
    );
  });

  it('is another when a digit, a type, an element more or the order of an array is another', () => {
    const hashes = [
      '1.0',
      '1.00',
      '1',
      '10e-1',
      '"1.0"',
      '[1.0]',
      'true',
      '"true"',
      'null',
      '[1,2]',
      '[2,1]',
      '{}',
      '[]',
      '[null]',
      '[[]]',
      '{"a":null}',
      '-0',
      '0',
    ].map((value) => hashOf(`{"resourceType":"Basic","id":"1","x":${value}}`));
    hashes.push(
      hashOf('{"resourceType":"Basic","id":"1"}'),
      hashOf('{"resourceType":"Basic","id":"2"}'),
    );
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('is the same whatever the version, and a lone meta of nothing else counts as none', () => {
    const without = hashOf('{"resourceType":"Basic","id":"1"}');
    const withVersion = scan(
      '{"meta":{"lastUpdated":"2024-01-02T03:04:05.678Z","versionId":"7"},"resourceType":"Basic","id":"1"}',
    );
    expect(withVersion).toMatchObject({
      ...{ resourceType: 'Basic', id: '1', versionId: '7', deleted: false, contentHash: without },
      lastUpdated: '2024-01-02T03:04:05.678Z',
    });
    const tagged = (meta: string) =>
      hashOf(`{"resourceType":"Basic","id":"1","meta":{${meta}"tag":[{"code":"x"}]}}`);
    expect(tagged('"versionId":"1",')).toBe(
      tagged('"versionId":"2","lastUpdated":"2024-01-02T03:04:05Z",'),
    );
    expect(tagged('')).not.toBe(without);
  });

  it('tells a soft delete by its extension, which is no content', () => {
    const meta = (extensions: string) =>
      scan(
        `{"resourceType":"Basic","id":"1","meta":{"versionId":"2","extension":[${extensions}]}}`,
      );
    const other = '{"url":"http://a.example/x","valueString":"soft-deleted"}';
    expect(meta(deletedMark).deleted).toBe(true);
    expect(meta(deletedMark).contentHash).toBe(hashOf('{"resourceType":"Basic","id":"1"}'));
    expect(meta(`${other},${deletedMark}`)).toEqual({ ...meta(other), deleted: true });
    expect(meta(deletedMark.replace('{', '{"id":"x",')).deleted).toBe(false);
  });

  it('keeps versionId and lastUpdated of contained resources: they are content', () => {
    const contained = (version: string) =>
      hashOf(
        `{"resourceType":"Basic","id":"1","contained":[{"resourceType":"Basic","meta":{"versionId":"${version}"}}]}`,
      );
    expect(contained('1')).not.toBe(contained('2'));
  });

  it('collects every reference, wherever it stands and however it is written', () => {
    const { references } = scan(
      '{"resourceType":"Basic","id":"1","subject":{"reference":"Patient\\/1"},"x":[{"y":{"reference":"#a"}}],"reference":{"reference":"Group/2"}}',
    );
    expect([...references].sort()).toEqual(['#a', 'Group/2', 'Patient/1']);
  });

  it('sorts objects of many members too', () => {
    const keys = Array.from({ length: 500 }, (_none, at) => `key${(at * 7919) % 500}`);
    const line = `{"resourceType":"Basic","id":"1","x":{${keys.map((key) => `"${key}":1`).join(',')}}}`;
    expect(hashOf(line)).toBe(slowHash(line));
  });
});

const broken: Readonly<Record<string, string>> = {
  'no text': '',
  'text after the value': '{"resourceType":"Basic","id":"1"} x',
  'a member twice': '{"resourceType":"Basic","id":"1","a":1,"a":1}',
  'a member twice, once escaped': '{"resourceType":"Basic","id":"1","a":1,"\\u0061":1}',
  'a comma too many': '{"resourceType":"Basic","id":"1",}',
  'a leading zero': '{"resourceType":"Basic","id":"1","x":01}',
  'a bare point': '{"resourceType":"Basic","id":"1","x":1.}',
  'a cut string': '{"resourceType":"Basic","id":"1',
  'a control character': '{"resourceType":"Basic","id":"a\nb"}',
  'an unknown escape': '{"resourceType":"Basic","id":"1","x":"\\x"}',
  'a cut escape': '{"resourceType":"Basic","id":"1","x":"\\u00"}',
  'no id': '{"resourceType":"Basic"}',
  'no type': '{"id":"1"}',
  'a number as version': '{"resourceType":"Basic","id":"1","meta":{"versionId":1}}',
  'a byte order mark': '\ufeff{"resourceType":"Basic","id":"1"}',
  'no object': '[]',
  'too deep': `{"resourceType":"Basic","id":"1","x":${'['.repeat(300)}${']'.repeat(300)}}`,
};

describe('a line that cannot be proved', () => {
  it.each(Object.entries(broken))('%s is refused by place and rule', (_name, line) => {
    expect(() => scan(line)).toThrow(/^INPUT_INVALID: the line is not/);
  });

  it('is refused for good, and nothing of it is told', () => {
    const secret = 'Ada Lovelace';
    let thrown: unknown;
    try {
      scan(`{"resourceType":"Basic","id":"1","name":"${secret}" "x"}`);
    } catch (error) {
      thrown = error;
    }
    expect(isRetryable(thrown)).toBe(false);
    expect(JSON.stringify(thrown) + String(thrown)).not.toContain('Ada');
  });

  it('bytes that are no UTF-8 are refused', () => {
    const line = Buffer.from('{"resourceType":"Basic","id":"1","x":"?"}');
    line[line.indexOf('?')] = 0xe4;
    expect(() => scanner.scan(line)).toThrow(/UTF-8/);
  });

  it('any bytes end in an answer or a located error, as JSON.parse decides', () => {
    const start = '{"resourceType":"Basic","id":"1","x":[1.5,"a\\n",{"b":null}]}';
    fc.assert(
      fc.property(
        fc.nat(start.length - 1),
        fc.constantFrom(...'{}[],:"\\ 01e.-tfnu/x\u0000'),
        fc.boolean(),
        (at, character, insert) => {
          const line = start.slice(0, at) + character + start.slice(insert ? at : at + 1);
          const parsed = attempt(() => JSON.parse(line));
          const scanned = attempt(() => scan(line));
          if (scanned !== undefined) expect(parsed).toBeDefined();
          else if (parsed !== undefined) {
            // Sound JSON that is refused: no resource any more.
            expect(() => scan(line)).toThrow(/not a FHIR resource|there twice/);
          }
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it('a line after a refused one is read as ever', () => {
    const line = '{"resourceType":"Basic","id":"1","x":{"b":1,"a":2}}';
    const before = hashOf(line);
    expect(() => scan('{"a":[[[{"b":')).toThrow();
    expect(hashOf(line)).toBe(before);
  });
});

function attempt(action: () => unknown): unknown {
  try {
    return action();
  } catch {
    return undefined;
  }
}

const samples = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'data', 'synthea-88');

describe.skipIf(!existsSync(samples))(
  'real resources (skipped where the samples are not beside the project)',
  () => {
    it('hash the fast way as the slow way', () => {
      const files = readdirSync(samples).filter((name) => name.endsWith('.ndjson.gz'));
      for (const file of files) {
        const lines = gunzipSync(readFileSync(join(samples, file)))
          .toString()
          .split('\n')
          .filter((line) => line !== '');
        for (const line of lines.filter((_line, index) => index % 20 === 0)) {
          expect(hashOf(line)).toBe(slowHash(line));
        }
      }
    });
  },
);
