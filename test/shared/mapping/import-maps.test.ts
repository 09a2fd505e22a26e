import { describe, expect, test } from 'vitest';
import { importMaps } from '../../../shared/mapping/index.ts';
import { packOf } from './maps-folder.ts';

const label = '@OData.Community.Display.V1.FormattedValue';
const map = 'msind_updateserviceentitymap';
const attributeMap = 'msind_updateserviceattributemap';

/** Rows as the Web API answers them with formatted values. */
const patientMap = {
  [`${map}id`]: 'E1',
  msind_name: 'contact <-> Patient',
  msind_entityname: 'contact',
  _msind_azurefhirresource_value: 'r1',
  [`_msind_azurefhirresource_value${label}`]: 'Patient',
  msind_disabled: true,
  msind_writeback: true,
  msind_supportedmessages: '440670000,440670001',
  statecode: 0,
};
const identifierMap = {
  ...patientMap,
  [`${map}id`]: 'E2',
  msind_name: 'medical identifier <-> Patient',
  msind_entityname: 'msemr_medicalidentifier',
  msind_parentlinkattribute: 'msemr_assignee',
};
const attribute = (
  id: string,
  column: string,
  action: number,
  more: Readonly<Record<string, unknown>> = {},
) => ({
  [`${attributeMap}id`]: id,
  [`_${map}_value`]: 'e1',
  msind_cdsattributename: column,
  msind_cdsattributetype: 'String',
  msind_actiontype: action,
  msind_fhirelementmap: '{"s":"$.x"}',
  ...more,
});
const value = (parent: string, fhir: string, dataverse: string, name?: string) => ({
  [`_${attributeMap}_value`]: parent,
  msind_azurefhirvalue: fhir,
  msind_cdsvalue: dataverse,
  ...(name === undefined ? {} : { msind_optionsetlabel: name }),
});

function imported(
  attributes: readonly unknown[],
  values: readonly unknown[] = [],
  entities: readonly unknown[] = [patientMap],
) {
  const { files, problems } = importMaps([
    { file: 'entities.json', json: { value: entities } },
    { file: 'attributes.json', json: { value: attributes } },
    ...(values.length > 0 ? [{ file: 'values.json', json: values }] : []),
  ]);
  return { files: Object.fromEntries(files.map(({ file, content }) => [file, content])), problems };
}

describe('maps exported from the product', () => {
  const attributes = [
    attribute('a1', 'lastname', 440670000, {
      msind_cdsmaxlength: 50,
      msind_fhirelementmap: '{"s":"$.name[0].family"}',
      msind_fhirrequiredattribute: true,
    }),
    attribute('a2', 'birthdate', 440670000, {
      msind_cdsattributetype: 'DateTime',
      msind_fhirelementtype: 'date',
      msind_fhirelementmap: '{"s":"$.birthDate"}',
    }),
    attribute('a3', 'gendercode', 440670002, {
      msind_cdsattributetype: 'Picklist',
      msind_fhirelementmap: '{"s":"$.gender"}',
    }),
    attribute('a4', 'msemr_generalpractioner', 440670003, {
      msind_cdsattributetype: 'Lookup',
      msind_cdsentityreference: 'contact',
      msind_fhirresourcereference: 'Practitioner',
      msind_fhirelementmap: '{"s":"$.generalPractitioner[0]"}',
    }),
    attribute('a5', 'msemr_communication1language', 440670004, {
      msind_codeableconcepttypevalue: '935000072',
      msind_disabled: 'Yes',
    }),
    attribute('a6', 'Not Applicable', 440670005, {
      [`msind_actiontype${label}`]: 'Expand',
      msind_fhirelementmap: '{"s":"$.identifier"}',
      _msind_expansionentitymap_value: 'e2',
    }),
    attribute('a7', 'msemr_value', 440670000, {
      [`_${map}_value`]: 'e2',
      msind_usedinrecordmatching: true,
      msind_fhirelementmap: '{"s":"$.value"}',
    }),
    attribute('a8', 'address1_country', 440670001),
  ];
  const values = [
    value('a3', 'male', '1', 'Male'),
    value('a3', 'female', '2', 'Female'),
    { ...value('a8', '-', '-'), msind_staticvalue: 'NL' },
  ];

  test('become map files that mean the same', () => {
    const { files, problems } = imported(attributes, values, [patientMap, identifierMap]);
    expect(problems).toEqual([]);
    expect(files['entity/contact-patient.json']).toMatchObject({
      name: 'contact <-> Patient',
      resource: 'Patient',
      table: 'contact',
      disabled: true,
      writeback: true,
      supportedMessages: ['Create', 'Update'],
    });
    expect(files['entity/contact-patient.json']!['attributes']).toEqual([
      {
        ...{ column: 'lastname', action: 'Copy Data', type: 'string', maxLength: 50 },
        ...{ source: { s: '$.name[0].family' }, required: true },
      },
      { column: 'birthdate', action: 'Copy Data', type: 'date', source: { s: '$.birthDate' } },
      {
        ...{ column: 'gendercode', action: 'Mapped Value', type: 'choice' },
        ...{ source: { s: '$.gender' }, values: 'contact-patient-gendercode' },
      },
      {
        ...{ column: 'msemr_generalpractioner', action: 'Lookup', type: 'lookup' },
        ...{ table: 'contact', references: ['Practitioner'] },
        source: { s: '$.generalPractitioner[0]' },
      },
      {
        ...{ column: 'msemr_communication1language', action: 'Lookup Codeable Concept' },
        ...{ type: 'lookup', conceptType: 935000072, source: { s: '$.x' }, disabled: true },
      },
      {
        action: 'Expand',
        source: '$.identifier[*]',
        expansion: 'medical identifier <-> Patient',
      },
      {
        ...{ column: 'address1_country', action: 'Set Default Value', type: 'string' },
        ...{ source: { s: '$.x' }, value: 'NL' },
      },
    ]);
    expect(files['expansion/medical-identifier-patient.json']).toMatchObject({
      expand: true,
      parentLink: 'msemr_assignee',
      attributes: [{ column: 'msemr_value', matching: true }],
    });
    expect(files['values/contact-patient-gendercode.json']!['rows']).toEqual([
      { fhir: 'male', dataverse: 1, label: 'Male' },
      { fhir: 'female', dataverse: 2, label: 'Female' },
    ]);
  });

  test('compile and map as they are', async () => {
    const entities = [
      { ...patientMap, msind_disabled: false },
      { ...identifierMap, msind_disabled: false },
    ];
    const { files } = imported(attributes, values, entities);
    const patient = (await packOf(files)).roots.get('Patient')!;
    const resource = {
      resourceType: 'Patient',
      name: [{ family: 'Law' }],
      gender: 'female',
      identifier: [{ value: '7' }],
    };
    expect(patient.map(resource).values).toMatchObject({ lastname: 'Law', gendercode: 2 });
    expect(patient.expansions[0]!.expand(resource)).toMatchObject([
      { values: { msemr_value: '7' } },
    ]);
  });
});

describe('what cannot be taken over is named at its place, and the rest is', () => {
  const fine = attribute('a0', 'fine', 440670000);
  test.each<[string, Record<string, unknown>, string, RegExp]>([
    [
      'a script',
      { msind_fhirelementmap: '{"s":"$.a[(@.length-1)]"}' },
      'msind_fhirelementmap',
      /script/,
    ],
    [
      'an unknown form',
      { msind_fhirelementmap: '{"t":"x"}' },
      'msind_fhirelementmap',
      /unknown form/,
    ],
    ['no JSON', { msind_fhirelementmap: '{' }, 'msind_fhirelementmap', /unknown form/],
    ['an unknown action', { msind_actiontype: 7 }, 'msind_actiontype', /unknown action/],
    [
      'a lookup to nowhere',
      { msind_actiontype: 440670003 },
      'msind_cdsentityreference',
      /without a table/,
    ],
    [
      'a lookup of no type',
      { msind_actiontype: 440670003, msind_cdsentityreference: 'contact' },
      'msind_fhirresourcereference',
      /FHIR target type/,
    ],
    [
      'a concept of no type',
      { msind_actiontype: 440670004 },
      'msind_codeableconcepttypevalue',
      /option/,
    ],
    [
      'a default of nothing',
      { msind_actiontype: 440670001 },
      'msind_actiontype',
      /without a value/,
    ],
    ['values of nothing', { msind_actiontype: 440670002 }, 'msind_actiontype', /0 rows/],
    [
      'an Expand of nothing',
      { msind_cdsattributename: 'Not Applicable' },
      'msind_expansionentitymap',
      /without its map/,
    ],
  ])('%s', (_name, more, column, text) => {
    const { files, problems } = imported([fine, attribute('a1', 'odd', 440670000, more)]);
    expect(problems).toEqual([
      {
        file: 'attributes.json',
        pointer: `/value/1/${column}`,
        problem: expect.stringMatching(text),
        remedy: expect.stringMatching(/^[A-Z]/),
      },
    ]);
    expect(files['entity/contact-patient.json']).toMatchObject({
      attributes: [{ column: 'fine' }],
    });
  });

  test('a map without resource, table or parent link, a row of another table, a file without rows', () => {
    const {
      _msind_azurefhirresource_value: _id,
      [`_msind_azurefhirresource_value${label}`]: _name,
      ...noResource
    } = patientMap;
    const { problems } = importMaps([
      { file: 'e.json', json: [noResource, { ...patientMap, msind_entityname: '' }] },
      {
        file: 'x.json',
        json: [{ ...identifierMap, msind_parentlinkattribute: null, msind_expand: true }],
      },
      { file: 'y.json', json: [{ fullname: 'Ann' }] },
      { file: 'z.json', json: 5 },
    ]);
    expect(problems.map(({ file, pointer }) => `${file}#${pointer}`)).toEqual([
      'y.json#/0',
      'z.json#',
      'e.json#/0/msind_azurefhirresource',
      'e.json#/1/msind_entityname',
      'x.json#/0/msind_parentlinkattribute',
    ]);
    expect(JSON.stringify(problems)).not.toContain('Ann');
  });

  test('two attributes on one column are named in the file that was made', () => {
    const { problems } = imported([fine, attribute('a1', 'fine', 440670000)]);
    expect(problems).toMatchObject([
      { file: 'entity/contact-patient.json', pointer: '/attributes/1/column' },
    ]);
  });
});
