export type Part = Record<string, unknown>;

export const operation = (type: string, path: string, ...parts: Part[]): Part => ({
  name: 'operation',
  part: [{ name: 'type', valueCode: type }, { name: 'path', valueString: path }, ...parts],
});
export const value = (typed: Part): Part => ({ name: 'value', ...typed });
export const named = (name: string): Part => ({ name: 'name', valueString: name });
export const number = (name: string, valueInteger: number): Part => ({ name, valueInteger });
export const move = (source: number, destination: number) =>
  operation(
    'move',
    'Patient.identifier',
    number('source', source),
    number('destination', destination),
  );
export const identifier = (digit: number) => ({
  system: 'http://example.org',
  value: `value ${digit}`,
});
export const identifiers = (...digits: number[]) => ({ identifier: digits.map(identifier) });
export const insert = (index: number) =>
  operation(
    'insert',
    'Patient.identifier',
    number('index', index),
    value({ valueIdentifier: identifier(3) }),
  );

const contact = (name: Part | undefined, gender?: string) => ({
  contact: [{ ...(name && { name }), ...(gender && { gender }) }],
});
const aName = { text: 'a name' };

/** The cases of HL7's fhir-path-tests.xml (R4), in their order. */
export const officialCases: readonly (readonly [string, Part, readonly Part[], Part])[] = [
  ['No Difference', { birthDate: '1920-01-01' }, [], { birthDate: '1920-01-01' }],
  [
    'Replace Primitive',
    { birthDate: '1920-01-01' },
    [operation('replace', 'Patient.birthDate', value({ valueDate: '1930-01-01' }))],
    { birthDate: '1930-01-01' },
  ],
  ['Delete Primitive', { birthDate: '1920-01-01' }, [operation('delete', 'Patient.birthDate')], {}],
  [
    'Add Primitive',
    {},
    [operation('add', 'Patient', named('birthDate'), value({ valueDate: '1930-01-01' }))],
    { birthDate: '1930-01-01' },
  ],
  [
    'Replace Nested Primitive #1',
    contact(aName, 'male'),
    [operation('replace', 'Patient.contact[0].gender', value({ valueCode: 'female' }))],
    contact(aName, 'female'),
  ],
  [
    'Replace Nested Primitive #2',
    contact(aName, 'male'),
    [operation('replace', 'Patient.contact[0].name.text', value({ valueString: 'the name' }))],
    contact({ text: 'the name' }, 'male'),
  ],
  [
    'Delete Nested Primitive #1',
    contact(aName, 'male'),
    [operation('delete', 'Patient.contact[0].gender')],
    contact(aName),
  ],
  [
    'Delete Nested Primitive #2',
    contact(aName, 'male'),
    [operation('delete', 'Patient.contact[0].name.text')],
    contact(undefined, 'male'),
  ],
  [
    'Add Nested Primitive',
    contact(aName),
    [operation('add', 'Patient.contact[0]', named('gender'), value({ valueCode: 'male' }))],
    contact(aName, 'male'),
  ],
  [
    'Add Complex',
    {},
    [
      operation(
        'add',
        'Patient',
        named('maritalStatus'),
        value({ valueCodeableConcept: { text: 'married' } }),
      ),
    ],
    { maritalStatus: { text: 'married' } },
  ],
  [
    'Replace Complex',
    { maritalStatus: { id: '1', text: 'married' } },
    [
      operation(
        'replace',
        'Patient.maritalStatus',
        value({ valueCodeableConcept: { id: '2', text: 'not married' } }),
      ),
    ],
    { maritalStatus: { id: '2', text: 'not married' } },
  ],
  [
    'Delete Complex',
    { maritalStatus: { text: 'married' } },
    [operation('delete', 'Patient.maritalStatus')],
    {},
  ],
  [
    'Add Anonymous Type',
    {},
    [
      operation(
        'add',
        'Patient',
        named('contact'),
        value({ part: [{ name: 'name', valueHumanName: aName }] }),
      ),
    ],
    contact(aName),
  ],
  ['Delete Anonymous Type', contact(aName), [operation('delete', 'Patient.contact[0]')], {}],
  ['List unchanged', identifiers(1, 2), [], identifiers(1, 2)],
  [
    'List unchanged, contents changed',
    {
      identifier: [
        { id: 'a', ...identifier(1) },
        { id: 'b', ...identifier(2) },
      ],
    },
    [
      operation('replace', 'Patient.identifier[0].value', value({ valueString: 'value 2' })),
      operation('replace', 'Patient.identifier[1].value', value({ valueString: 'value 1' })),
    ],
    {
      identifier: [
        { id: 'a', ...identifier(2) },
        { id: 'b', ...identifier(1) },
      ],
    },
  ],
  ['Add to list', identifiers(1, 2), [insert(2)], identifiers(1, 2, 3)],
  ['Insert in list #1', identifiers(1, 2), [insert(1)], identifiers(1, 3, 2)],
  ['Insert in list #2', identifiers(1, 2), [insert(0)], identifiers(3, 1, 2)],
  [
    'Delete from List #1',
    identifiers(1, 2, 3),
    [operation('delete', 'Patient.identifier[0]')],
    identifiers(2, 3),
  ],
  [
    'Delete from List #2',
    identifiers(1, 2, 3),
    [operation('delete', 'Patient.identifier[1]')],
    identifiers(1, 3),
  ],
  [
    'Delete from List #3',
    identifiers(1, 2, 3),
    [operation('delete', 'Patient.identifier[2]')],
    identifiers(1, 2),
  ],
  ['Reorder List #1', identifiers(1, 2, 3, 4), [move(3, 1)], identifiers(1, 4, 2, 3)],
  ['Reorder List #2', identifiers(1, 2, 3, 4), [move(3, 0)], identifiers(4, 1, 2, 3)],
  ['Reorder List #3', identifiers(1, 2, 3, 4), [move(3, 2)], identifiers(1, 2, 4, 3)],
  ['Reorder List #4', identifiers(1, 2, 3, 4), [move(0, 3)], identifiers(2, 3, 4, 1)],
  ['Reorder List #5', identifiers(1, 2, 3, 4), [move(1, 0), move(2, 1)], identifiers(2, 3, 1, 4)],
  [
    'Reorder List #6',
    identifiers(1, 2, 3, 4),
    [move(3, 0), move(3, 1), move(3, 2)],
    identifiers(4, 3, 2, 1),
  ],
  [
    'Operation on missing element #2',
    {},
    [operation('add', 'Patient', named('identifier'), value({ valueIdentifier: identifier(3) }))],
    identifiers(3),
  ],
  [
    'Full Resource (family only)',
    {
      name: [
        { use: 'official', family: 'Chalmers', given: ['Peter', 'James'] },
        { given: ['Jim'] },
      ],
    },
    [operation('replace', 'Patient.name[0].family', value({ valueString: 'Chalmers1' }))],
    {
      name: [
        { use: 'official', family: 'Chalmers1', given: ['Peter', 'James'] },
        { given: ['Jim'] },
      ],
    },
  ],
];
