import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FhirResource } from '../../../shared/mapping/index.ts';
import { basic, packOf, rootWith, shippedPack } from './maps-folder.ts';

describe('selections', () => {
  test('are chosen once, so that parts of different items never mix', async () => {
    const text = { action: 'Copy Data', type: 'string' };
    const root = await rootWith(
      [
        { ...text, column: 'family', source: '$name.family' },
        { ...text, column: 'given', source: '$name.given[0]' },
      ],
      { select: { name: ["$.name[?(@.use=='official')]", '$.name[0]'] } },
    );
    const name = [{ given: ['Nick'] }, { use: 'official', family: 'Law' }];
    expect(root.map(basic({ name })).values).toEqual({ family: 'Law', given: null });
    expect(root.map(basic({ name: [{ given: ['Nick'] }] })).values).toEqual({
      family: null,
      given: 'Nick',
    });
  });
});

describe('problems', () => {
  test('name the map, the column and the path, and never repeat the value', async () => {
    const root = await rootWith(
      ['string', 'integer', 'date', 'boolean'].map((type) => ({
        ...{ column: type, action: 'Copy Data', source: '$.a', type },
        ...(type === 'string' && { maxLength: 2 }),
      })),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[G-Zg-z]{6,}$/), (secret) => {
        const { problems } = root.map(basic({ a: secret }));
        expect(problems).toHaveLength(4);
        expect(JSON.stringify(problems)).not.toContain(secret);
        expect(problems[0]).toMatchObject({ map: 'Basic', column: 'string', path: '$.a' });
      }),
    );
  });

  test('come back for any JSON at all; mapping never throws', async () => {
    const pack = await shippedPack();
    const names = fc.constantFrom(
      'name',
      'telecom',
      'identifier',
      'code',
      'subject',
      'valueQuantity',
      'status',
      'coding',
      'reference',
      'use',
      'given',
    );
    const { node } = fc.letrec<{ node: unknown }>((tie) => ({
      node: fc.oneof(
        { maxDepth: 4 },
        fc.oneof(fc.string(), fc.double(), fc.boolean(), fc.constant(null)),
        fc.array(tie('node'), { maxLength: 3 }),
        fc.dictionary(names, tie('node'), { maxKeys: 5, noNullPrototype: true }),
      ),
    }));
    const elements = fc.dictionary(names, node, { noNullPrototype: true });
    fc.assert(
      fc.property(elements, fc.constantFrom(...pack.roots.values()), (json, root) => {
        const resource: FhirResource = { ...json, resourceType: root.resourceType };
        const before = structuredClone(resource);
        expect(root.map(resource)).toEqual(root.map(resource));
        for (const expansion of root.expansions) expansion.expand(resource);
        root.patientReference(resource);
        expect(resource).toEqual(before);
      }),
      { numRuns: 300 },
    );
  });
});

describe('expansions', () => {
  const child = {
    name: 'child',
    resource: '*',
    table: 't_{resource}',
    expand: true,
    parentLink: 'fds_{resource}id',
    attributes: [
      {
        column: 'k',
        action: 'Copy Data',
        type: 'string',
        source: '$.k',
        maxLength: 3,
        required: true,
        matching: true,
      },
      { column: 'v', action: 'Copy Data', type: 'string', source: '$.v' },
    ],
  };
  const expansionWith = async (more: object) => {
    const expand = { action: 'Expand', source: '$.a[*]', expansion: 'child' };
    const attributes = [
      { column: 'c', action: 'Copy Data', type: 'string', source: '$.c' },
      expand,
    ];
    const pack = await packOf({
      'entity/b.json': { name: 'Basic', resource: 'Basic', table: 'basic', attributes },
      'expansion/child.json': { ...child, ...more },
    });
    return pack.roots.get('Basic')!.expansions;
  };

  test('give one row per match key, the first item winning', async () => {
    const [expansion] = await expansionWith({});
    expect(expansion).toMatchObject({
      table: 't_basic',
      parentColumn: 'fds_basicid',
      parentTable: 'basic',
      matchOn: ['k'],
    });
    const rows = expansion!.expand(
      basic({ a: [{ k: 'x', v: '1' }, { k: 'y' }, { k: 'x', v: '2' }] }),
    );
    expect(rows.map(({ values }) => values)).toEqual([
      { k: 'x', v: '1' },
      { k: 'y', v: null },
    ]);
  });

  test('leave out and report items that do not fit, or block, as the map says', async () => {
    const resource = basic({ a: [{ k: 'long key' }, { v: '1' }, { k: 'y' }] });
    const [skipping] = await expansionWith({ onProblem: 'skip-row' });
    expect(skipping!.expand(resource).map(({ values }) => values['k'])).toEqual(['y']);
    expect(skipping!.skipped(resource).map(({ code }) => code)).toContain('too-long');
    const [blocking] = await expansionWith({});
    expect(blocking!.expand(resource).flatMap(({ problems }) => problems)).not.toEqual([]);
    expect(blocking!.skipped(resource)).toEqual([]);
  });

  test('that are disabled are not there', async () => {
    expect(await expansionWith({ disabled: true })).toEqual([]);
  });
});
