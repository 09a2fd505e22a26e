import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Body, type Door, serve } from './running-service.ts';

const loinc = 'http://loinc.org';
const ucum = 'http://unitsofmeasure.org';
const coded = (code: string) => ({ coding: [{ system: loinc, code }] });
const quantity = (value: number) => ({ value, unit: 'mmHg', system: ucum, code: 'mm[Hg]' });

function bloodPressure(id: string, patient: string, systolic: number, diastolic: number): Body {
  return {
    resourceType: 'Observation',
    id,
    status: 'final',
    code: coded('85354-9'),
    subject: { reference: `Patient/${patient}` },
    component: [
      { code: coded('8480-6'), valueQuantity: quantity(systolic) },
      { code: coded('8462-4'), valueQuantity: quantity(diastolic) },
    ],
  };
}

test('a composite parameter matches its components within one element', async () => {
  const service = await serve();
  await load(service, [bloodPressure('high', 'p', 150, 95), bloodPressure('low', 'p', 110, 70)]);
  const table: readonly (readonly [string, readonly string[]])[] = [
    ['component-code-value-quantity=8480-6$gt120', ['high']],
    // 95 belongs to the other component: across components this would match.
    ['component-code-value-quantity=8480-6$95', []],
    ['component-code-value-quantity=8462-4$95', ['high']],
    [`component-code-value-quantity=${loinc}|8480-6$lt200|${ucum}|mm[Hg]`, ['high', 'low']],
    ['component-code-value-quantity=8480-6$110,8462-4$95', ['high', 'low']],
    ['combo-code-value-quantity=8480-6$le110', ['low']],
    ['component-code-value-quantity=8480-6$gt120&status=final', ['high']],
  ];
  for (const [query, expected] of table) {
    expect([query, await ids(service, `/Observation?${query}`)]).toEqual([query, expected]);
  }
  const counted = '/Observation?component-code-value-quantity=8480-6$gt1&_summary=count';
  expect((await service.call('GET', counted)).json.total).toBe(2);
  expect((await service.call('GET', '/Observation?code-value-quantity=8480-6')).status).toBe(400);
});

test('every prefix means the same alone and in a composite', async () => {
  const service = await serve();
  const values = [1, 9.5, 10, 10.4, 10.5, 11, 100];
  await load(
    service,
    values.map((value, index) => ({
      resourceType: 'Observation',
      id: `o${index}`,
      status: 'final',
      code: coded('x'),
      valueQuantity: { value },
    })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('', 'eq', 'ne', 'gt', 'lt', 'ge', 'le', 'sa', 'eb', 'ap'),
      fc.constantFrom('1', '10', '10.4', '10.50', '9.5', '1e1', '100'),
      async (prefix, number) => {
        const alone = await ids(service, `/Observation?value-quantity=${prefix}${number}`);
        const joined = await ids(service, `/Observation?code-value-quantity=x$${prefix}${number}`);
        expect(joined).toEqual(alone);
      },
    ),
    { numRuns: 40 },
  );
  expect(await ids(service, '/Observation?value-quantity=10')).toEqual(['o1', 'o2', 'o3', 'o4']);
  expect(await ids(service, '/Observation?value-quantity=10.0')).toEqual(['o2']);
});

test('_has finds what matching resources refer to, also through a second _has', async () => {
  const service = await serve();
  await load(service, [
    { resourceType: 'Patient', id: 'p' },
    { resourceType: 'Patient', id: 'q' },
    bloodPressure('o', 'p', 150, 95),
    bloodPressure('o2', 'q', 110, 70),
    {
      resourceType: 'DiagnosticReport',
      id: 'r',
      status: 'final',
      code: coded('report'),
      result: [{ reference: 'Observation/o2' }],
    },
  ]);
  const table: readonly (readonly [string, readonly string[]])[] = [
    ['_has:Observation:subject:code=85354-9', ['p', 'q']],
    ['_has:Observation:patient:component-code-value-quantity=8480-6$gt120', ['p']],
    ['_has:Observation:patient:_has:DiagnosticReport:result:status=final', ['q']],
    ['_has:Observation:patient:code=85354-9&_id=q', ['q']],
    ['_has:Observation:patient:code=none', []],
  ];
  for (const [query, expected] of table) {
    expect([query, await ids(service, `/Patient?${query}`)]).toEqual([query, expected]);
  }
});

test('a chain goes through several types, with types and modifiers on the way', async () => {
  const service = await serve();
  await load(service, [
    { resourceType: 'Organization', id: 'org', name: 'General Hospital' },
    { resourceType: 'Patient', id: 'p', managingOrganization: { reference: 'Organization/org' } },
    bloodPressure('o', 'p', 1, 1),
  ]);
  for (const query of [
    'patient.organization.name=general',
    'subject:Patient.organization.name=general',
    'subject:Patient.organization:Organization.name:exact=General Hospital',
    'patient.organization.name:contains=HOSP',
  ]) {
    expect([query, await ids(service, `/Observation?${query}`)]).toEqual([query, ['o']]);
  }
  expect(await ids(service, '/Observation?patient.organization.name:exact=general')).toEqual([]);
});

test('uri parameters know above and below; modifiers that Azure does not know are refused', async () => {
  const service = await serve();
  const valueSet = (id: string, url: string) => ({
    resourceType: 'ValueSet',
    id,
    url,
    status: 'active',
  });
  await load(service, [
    valueSet('a', 'http://acme.org/fhir'),
    valueSet('b', 'http://acme.org/fhir/ValueSet/b'),
  ]);
  expect(await ids(service, '/ValueSet?url:below=http://acme.org/fhir')).toEqual(['a', 'b']);
  expect(await ids(service, '/ValueSet?url:above=http://acme.org/fhir/ValueSet/c')).toEqual(['a']);
  for (const refused of [
    '/Patient?identifier:of-type=a|b|c',
    '/Observation?subject:identifier=urn:mrn|7',
    '/Observation?code:in=http://example.org/ValueSet',
  ]) {
    expect([refused, (await service.call('GET', refused)).status]).toEqual([refused, 400]);
  }
});

test('_total is accurate or none; an estimate is 403 as on Azure', async () => {
  const service = await serve();
  await load(service, [{ resourceType: 'Patient', id: 'p' }]);
  const total = async (asked: string) => {
    const { status, json } = await service.call('GET', `/Patient?_total=${asked}`);
    return [status, json.total];
  };
  expect(await total('accurate')).toEqual([200, 1]);
  expect(await total('none')).toEqual([200, undefined]);
  expect(await total('estimate')).toEqual([403, undefined]);
});

test('_summary cuts to summary elements, narrative, data or the count', async () => {
  const service = await serve();
  await load(service, [
    {
      ...bloodPressure('o', 'p', 1, 2),
      text: { status: 'generated', div: '<div xmlns="http://www.w3.org/1999/xhtml">x</div>' },
      note: [{ text: 'not in the summary' }],
    },
  ]);
  const keys = async (asked: string) => {
    const { json } = await service.call('GET', `/Observation?_summary=${asked}`);
    return Object.keys(json.entry![0]!.resource!).toSorted();
  };
  const frame = ['id', 'meta', 'resourceType'];
  expect(await keys('true')).toEqual(
    [...frame, 'code', 'component', 'status', 'subject'].toSorted(),
  );
  expect(await keys('text')).toEqual([...frame, 'code', 'status', 'text'].toSorted());
  expect(await keys('data')).toEqual(
    [...frame, 'code', 'component', 'note', 'status', 'subject'].toSorted(),
  );
  const count = await service.call('GET', '/Observation?_summary=count');
  expect([count.json.total, count.json.entry]).toEqual([1, undefined]);
});

async function load(service: Door, resources: readonly Body[]) {
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const answer = await service.call('POST', '/', { resourceType: 'Bundle', type: 'batch', entry });
  expect(answer.json.entry!.map(({ response }) => response!.status)).toEqual(
    resources.map(() => '201'),
  );
}

async function ids(service: Door, path: string): Promise<readonly (string | undefined)[]> {
  const answer = await service.call('GET', path);
  expect([path, answer.status]).toEqual([path, 200]);
  return (answer.json.entry ?? []).map(({ resource }) => resource!.id);
}
