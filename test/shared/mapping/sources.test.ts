import { describe, expect, test } from 'vitest';
import { basic, packOf, rootWith } from './maps-folder.ts';
import { blocked, clean, mapper } from './one-column.ts';

const text = { column: 'c', action: 'Copy Data', type: 'string' };
const textAt = async (source: unknown) => await mapper({ ...text, source });

describe('templates', () => {
  test('put parts together, and leave out optional runs whose part is absent', async () => {
    const map = await textAt({ template: '{$.a.family}[, {$.a.given[0]}][ ({$.a.use})]' });
    expect(map({ family: 'Law', given: ['Nick'], use: 'old' })).toEqual(clean('Law, Nick (old)'));
    expect(map({ family: 'Law' })).toEqual(clean('Law'));
    expect(map({ given: ['Nick'] })).toEqual(clean(null));
  });

  test('fall back to the next source when a part that is not optional is absent', async () => {
    const map = await textAt([{ template: '{$.a.x} {$.a.y}' }, '$.a.x']);
    expect(map({ x: 'one', y: 2 })).toEqual(clean('one 2'));
    expect(map({ x: 'one' })).toEqual(clean('one'));
  });

  test('never flatten an element that is no text', async () => {
    const map = await textAt({ template: 'is {$.a}' });
    expect(map({ x: 1 })).toEqual(blocked('wrong-type'));
  });
});

describe('data types as text', () => {
  test.each<[string, unknown, string | null]>([
    ['HumanName', { prefix: ['Dr.'], given: ['Ann', 'B.'], family: 'Cee' }, 'Dr. Ann B. Cee'],
    ['HumanName', { text: 'Ann', family: 'Cee' }, 'Ann'],
    [
      'Address',
      { line: ['1 High St', 'Flat 2'], city: 'Leeds', postalCode: 'LS1', country: 'GB' },
      '1 High St, Flat 2, LS1 Leeds, GB',
    ],
    ['ContactPoint', { system: 'phone', value: '+44 1' }, '+44 1'],
    ['Period', { start: '2020-01-01' }, '2020-01-01/..'],
    ['Period', { end: '2020-01-01' }, '../2020-01-01'],
    ['Period', { start: '2020', end: '2021' }, '2020/2021'],
    ['Quantity', { comparator: '<', value: 5, unit: 'mg' }, '<5 mg'],
    ['Quantity', { value: 0, code: 'mg' }, '0 mg'],
    ['Quantity', { unit: 'mg' }, null],
    ['Range', { low: { value: 1, unit: 'm' }, high: { value: 2, unit: 'm' } }, '1 m – 2 m'],
    ['Range', { high: { value: 2 } }, '.. – 2'],
    ['Ratio', { numerator: { value: 1 }, denominator: { value: 128 } }, '1 / 128'],
    ['Money', { value: 10, currency: 'EUR' }, '10 EUR'],
    ['CodeableConcept', { coding: [{ code: 'x', display: 'Ex' }] }, 'Ex'],
    ['CodeableConcept', { text: 'words', coding: [{ code: 'x' }] }, 'words'],
    ['Coding', { code: 'x' }, 'x'],
    ['Reference', { reference: 'Patient/1', display: 'Ann' }, 'Ann'],
    ['Identifier', { value: '7' }, '7'],
    ['Annotation', { text: 'note' }, 'note'],
    ['Annotation', {}, null],
  ])('%s %j is %j', async (type, element, expected) => {
    const map = await textAt({ textOf: '$.a', type });
    expect(map(element)).toEqual(clean(expected));
  });
});

describe('contained resources', () => {
  const source = ['$.code', { contained: '$.about', path: '$.code.text' }];
  const contained = [
    { resourceType: 'Medication', id: 'm1', code: { text: 'one' } },
    { resourceType: 'Medication', id: 'm2', code: { text: 'two' } },
  ];

  test('are read through the reference that names them', async () => {
    const root = await rootWith([{ ...text, source }]);
    const map = (reference: string) =>
      root.map(basic({ contained, about: { reference } })).values['c'];
    expect(map('#m2')).toBe('two');
    expect(map('#m3')).toBeNull();
    expect(map('Medication/m1')).toBeNull();
  });

  test('do not let an edit write the same fact in two places', async () => {
    const root = await rootWith([{ ...text, source }]);
    const resource = basic({ contained, about: { reference: '#m1' } });
    const result = root.writeback.put(resource, { c: 'three' });
    expect(result.resource).toBe(resource);
    expect(result.refused).toMatchObject([{ column: 'c', code: 'not-writable' }]);
  });
});

describe('conditions', () => {
  test('clear the column of a resource for which they do not hold', async () => {
    const map = await mapper({ ...text, required: true, source: '$.a.v', when: "a.use=='on'" });
    expect(map({ use: 'on', v: 'x' })).toEqual(clean('x'));
    expect(map({ use: 'off', v: 'x' })).toEqual(clean(null));
    expect(map({ use: 'on' })).toEqual(blocked('required-missing'));
  });

  test('hold all together, and may ask for presence and absence', async () => {
    const map = await mapper({ ...text, source: '$.a.v', when: 'a.v && !a.w' });
    expect(map({ v: 'x' })).toEqual(clean('x'));
    expect(map({ v: 'x', w: 1 })).toEqual(clean(null));
  });
});

describe('quantities with a list of units', () => {
  test('become one unit, and never lose unit or comparator in silence', async () => {
    const map = await mapper({
      type: 'decimal',
      source: '$.a',
      units: { kg: 1, g: 0.001 },
    });
    expect(map({ value: 72.5, code: 'kg' })).toEqual(clean(72.5));
    expect(map({ value: 3400, unit: 'g' })).toEqual(clean(3.4));
    expect(map({ value: 7, code: '[lb_av]' })).toEqual(blocked('wrong-unit'));
    expect(map({ value: 7 })).toEqual(blocked('wrong-unit'));
    expect(map({ value: 7, code: 'kg', comparator: '<' })).toEqual(blocked('wrong-type'));
    expect(map({ code: 'kg' })).toEqual(clean(null));
    expect(map(7)).toEqual(blocked('wrong-type'));
  });
});

describe('a map tells', () => {
  test('which elements a retrieve has to ask for', async () => {
    const root = await rootWith(
      [
        { ...text, column: 'a', source: '$n.family', required: true },
        { ...text, column: 'b', source: { typeOf: '$.value[x]' }, when: "status=='on'" },
        { ...text, column: 'c', source: '$.valueQuantity.unit', returnElement: 'value' },
        { ...text, column: 'd', source: { contained: '$.about', path: '$.code' } },
      ],
      { select: { n: '$.name[0]' }, patient: { path: '$.subject' } },
    );
    expect(root.elements).toEqual(['about', 'contained', 'name', 'status', 'subject', 'value']);
    expect(root.requiredElements).toEqual(['name']);
  });

  test('which columns never go back, and why', async () => {
    const root = await rootWith([
      { ...text, column: 'a', source: '$.a' },
      { ...text, column: 'b', source: { template: '{$.a}' } },
      { ...text, column: 'c', source: '$.c[*]', join: ' ' },
      { ...text, column: 'd', source: '$.d', writeback: false },
      { ...text, column: 'e', action: 'Set Default Value', value: 'x' },
      { ...text, column: 'f', source: '$.f[1:]' },
    ]);
    expect(root.writeback.columns).toEqual(['a']);
    expect([...root.writeback.oneWay]).toEqual([
      ['b', expect.stringContaining('parts of the resource')],
      ['c', expect.stringContaining('joined')],
      ['d', expect.stringContaining('turns the write-back')],
      ['e', expect.stringContaining('constant')],
      ['f', expect.stringContaining('no single place')],
    ]);
    const refused = root.writeback.put(basic({ a: 'x' }), { b: 'y' }).refused;
    expect(refused[0]!.problem).toContain('parts of the resource');
  });
});

describe('an archived map', () => {
  test('is not in use, and cannot be enabled by name', async () => {
    const entity = { name: 'Basic', resource: 'Basic', table: 'basic', archived: true };
    const files = { 'entity/b.json': { ...entity, attributes: [{ ...text, source: '$.a' }] } };
    expect((await packOf(files)).roots.size).toBe(0);
    await expect(
      packOf({ ...files, 'packs/p.json': { name: 'p', enabled: ['Basic'] } }),
    ).rejects.toThrow(/packs\/p\.json#\/enabled\/0: the root map Basic is archived/);
  });
});

describe('a lookup to several tables', () => {
  test('points to the table of the type that is referenced', async () => {
    const lookup = {
      ...{ column: 'who', action: 'Lookup', type: 'lookup', source: '$.who' },
      ...{ table: ['person', 'firm'], references: ['Patient', 'Organization'] },
    };
    const other = (resource: string, table: string) => ({
      ...{ name: resource, resource, table, attributes: [{ ...text, source: '$.a' }] },
    });
    const root = await rootWith([lookup], {
      files: {
        'entity/p.json': other('Patient', 'person'),
        'entity/o.json': other('Organization', 'firm'),
      },
    });
    const whoIs = (reference: string) => root.map(basic({ who: { reference } })).values['who'];
    expect(whoIs('Patient/1')).toMatchObject({ table: 'person', id: '1' });
    expect(whoIs('Organization/2')).toMatchObject({ table: 'firm', id: '2' });
  });
});
