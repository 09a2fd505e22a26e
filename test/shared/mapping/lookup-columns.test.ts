import { describe, expect, test } from 'vitest';
import { compilePack, loadMapFiles } from '../../../shared/mapping/index.ts';
import { basic, withMapsFolder } from './maps-folder.ts';
import { blocked, clean, mapper, warned } from './one-column.ts';

describe('mapped values', () => {
  const rows = [
    { fhir: 'a', dataverse: 1 },
    { fhir: 'old', dataverse: null },
  ];
  const of = (attribute: object, values: object = {}) =>
    mapper(
      { action: 'Mapped Value', type: 'choice', values: 'v', ...attribute },
      { files: { 'values/v.json': { name: 'v', rows, ...values } } },
    );

  test('a code without a row is a problem, unless a rule says otherwise', async () => {
    expect((await of({}))('b')).toEqual(blocked('not-an-option'));
    expect((await of({ onMisfit: 'drop' }))('b')).toEqual(warned(null, 'not-an-option'));
    expect((await of({}, { otherwise: 9 }))('b')).toEqual(clean(9));
  });

  test('a code that has no counterpart clears the column in silence', async () => {
    expect((await of({}))('old')).toEqual(clean(null));
  });

  test('the default is for an absent element only', async () => {
    const map = await of({ default: 7 });
    expect([map(undefined), map('a'), map('b')]).toEqual([
      clean(7),
      clean(1),
      blocked('not-an-option'),
    ]);
  });

  test('of several codes the first with an option is taken', async () => {
    const map = await of({ source: '$.a.coding[*].code' });
    expect(map({ coding: [{ code: 'x' }, { code: 'a' }] })).toEqual(clean(1));
  });
});

describe('references', () => {
  const lookup = {
    action: 'Lookup',
    type: 'lookup',
    table: 'basic',
    references: ['Basic', 'Group'],
  };

  test('become lookups by the root map of their type', async () => {
    const map = await mapper(lookup);
    const found = {
      kind: 'reference',
      resourceType: 'Basic',
      id: 'x-1.Y',
      table: 'basic',
    } as const;
    expect(map({ reference: 'Basic/x-1.Y' })).toEqual(clean(found));
    expect(map({ reference: 'Basic/x-1.Y/_history/3' })).toEqual(clean(found));
  });

  test.each([
    { reference: '#contained' },
    { reference: 'urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0' },
    { reference: 'Basic?identifier=x' },
    { reference: 'https://elsewhere.example/fhir/Basic/1' },
    { reference: 'Group/1' },
    { identifier: { value: '1' } },
  ])('that cannot be resolved clear the column with a warning: %j', async (reference) => {
    expect((await mapper(lookup))(reference)).toEqual(warned(null, 'unresolvable-reference'));
  });

  test('to a type that the column does not take are left to other columns', async () => {
    const map = await mapper(lookup);
    expect(map({ reference: 'Patient/1' })).toEqual(clean(null));
    expect(map({ display: 'only a name' })).toEqual(clean(null));
  });

  test('below the base URL of the service count as relative ones', async () => {
    const attributes = [{ column: 'c', source: '$.a', ...lookup }];
    const file = { name: 'Basic', resource: 'Basic', table: 'basic', attributes };
    const pack = await withMapsFolder({ 'entity/b.json': file }, async (folder) =>
      compilePack(await loadMapFiles(folder), { fhirBaseUrl: 'https://fhir.example/r4/' }),
    );
    const row = pack.roots
      .get('Basic')!
      .map(basic({ a: { reference: 'https://fhir.example/r4/Basic/9' } }));
    expect(row.values['c']).toMatchObject({ kind: 'reference', id: '9' });
  });

  test('tell their type, and choice elements theirs', async () => {
    const files = {
      'values/v.json': {
        name: 'v',
        rows: [
          { fhir: 'Patient', dataverse: 1 },
          { fhir: 'Quantity', dataverse: 2 },
        ],
      },
    };
    const typed = { action: 'Mapped Value', type: 'choice', values: 'v' };
    const ofReference = await mapper({ ...typed, source: { typeOf: '$.a' } }, { files });
    expect(ofReference({ reference: 'Patient/1' })).toEqual(clean(1));
    expect(ofReference({ type: 'Patient', identifier: {} })).toEqual(clean(1));
    const ofChoice = await mapper({ ...typed, source: { typeOf: '$.a.value[x]' } }, { files });
    expect(ofChoice({ valueQuantity: {} })).toEqual(clean(2));
  });
});
