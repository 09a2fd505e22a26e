import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Answer, type Body, type Door, serve } from './running-service.ts';

test('a patient’s active consents are found by reference and status together', async () => {
  const service = await serve();
  const consent = (id: string, patient: string, status: string) => ({
    resourceType: 'Consent',
    id,
    status,
    scope: { coding: [{ system: 'urn:scope', code: 'patient-privacy' }] },
    category: [{ coding: [{ system: 'http://loinc.org', code: '59284-0' }] }],
    patient: { reference: `Patient/${patient}` },
  });
  await load(service, [
    consent('c1', 'a', 'active'),
    consent('c2', 'a', 'inactive'),
    consent('c3', 'b', 'active'),
    consent('c4', 'c', 'active'),
  ]);
  expect(await ids(service, '/Consent?patient=Patient/a&status=active')).toEqual(['c1']);
  expect(await ids(service, '/Consent?patient=Patient/a,Patient/b&status=active')).toEqual([
    'c1',
    'c3',
  ]);
  expect(await ids(service, '/Consent?patient=a')).toEqual(['c1', 'c2']);
  expect(await ids(service, `/Consent?patient=${service.url}/Patient/b`)).toEqual(['c3']);
  expect(await ids(service, '/Consent?category=http://loinc.org|59284-0&patient=c')).toEqual([
    'c4',
  ]);
  expect(await ids(service, '/Consent?category=urn:other|59284-0')).toEqual([]);
  expect(await ids(service, '/Consent?status:not=active')).toEqual(['c2']);
});

test('token, string, date and quantity parameters follow R4 search', async () => {
  const service = await serve();
  await load(service, [
    {
      resourceType: 'Patient',
      id: 'p1',
      identifier: [{ system: 'urn:mrn', value: '7' }],
      name: [{ family: 'Müller', given: ['Anna'] }],
      birthDate: '1980-05-01',
      deceasedBoolean: false,
    },
    {
      resourceType: 'Patient',
      id: 'p2',
      identifier: [{ system: 'urn:other', value: '7' }],
      name: [{ family: 'Mulligan' }],
      birthDate: '1990',
      deceasedDateTime: '2020-01-01',
    },
    {
      resourceType: 'Observation',
      id: 'o1',
      status: 'final',
      code: { coding: [{ system: 'http://loinc.org', code: '8867-4' }] },
      subject: { reference: 'Patient/p1' },
      effectiveDateTime: '2024-03-10T10:00:00+02:00',
      valueQuantity: {
        value: 61.5,
        unit: '/min',
        system: 'http://unitsofmeasure.org',
        code: '/min',
      },
    },
  ]);
  const table: readonly (readonly [string, readonly string[]])[] = [
    ['/Patient?identifier=7', ['p1', 'p2']],
    ['/Patient?identifier=urn:mrn|7', ['p1']],
    ['/Patient?identifier=urn:mrn|', ['p1']],
    ['/Patient?identifier=urn:mrn|8', []],
    ['/Patient?family=mul', ['p1', 'p2']],
    ['/Patient?family:exact=Mulligan', ['p2']],
    ['/Patient?family:contains=LLER', ['p1']],
    ['/Patient?name=anna', ['p1']],
    ['/Patient?birthdate=1980', ['p1']],
    ['/Patient?birthdate=ge1980-05-02', ['p2']],
    ['/Patient?birthdate=lt1990', ['p1']],
    ['/Patient?birthdate=ne1990', ['p1']],
    ['/Patient?deceased=true', ['p2']],
    ['/Patient?deceased=false', ['p1']],
    ['/Patient?birthdate:missing=true', []],
    ['/Patient?_id=p2,p1,p9', ['p1', 'p2']],
    ['/Observation?date=2024-03-10T08:00:00Z', ['o1']],
    ['/Observation?date=gt2024-03-10', []],
    ['/Observation?subject=Patient/p1&code=http://loinc.org|8867-4', ['o1']],
    ['/Observation?subject:Patient=p1', ['o1']],
    ['/Observation?patient.identifier=urn:mrn|7', ['o1']],
    ['/Observation?subject:Patient.name=mulligan', []],
    ['/Observation?value-quantity=gt61', ['o1']],
    ['/Observation?value-quantity=61.5|http://unitsofmeasure.org|/min', ['o1']],
    ['/Patient/p1/Observation', ['o1']],
    ['/Patient/p1/*', ['o1']],
    ['/Patient/p2/*', []],
    ['/Patient/p1/$everything', ['p1', 'o1']],
    ['/Patient/p1/$everything?_type=Observation', ['o1']],
    ['/Patient/p2/$everything', ['p2']],
    ['/?_type=Patient,Observation&_sort=-_lastUpdated', ['o1', 'p2', 'p1']],
    ['/Patient?_sort=-birthdate', ['p2', 'p1']],
    ['/Patient?_lastUpdated=ge2000-01-01', ['p1', 'p2']],
    ['/Patient?_lastUpdated=lt2000-01-01', []],
  ];
  for (const [path, expected] of table) {
    expect([path, await ids(service, path)]).toEqual([path, expected]);
  }
});

test('an update moves a resource in the index: the old value no longer finds it', async () => {
  const service = await serve();
  await load(service, [{ resourceType: 'Patient', id: 'p', gender: 'male' }]);
  await load(service, [{ resourceType: 'Patient', id: 'p', gender: 'female' }]);
  expect(await ids(service, '/Patient?gender=male')).toEqual([]);
  expect(await ids(service, '/Patient?gender=female')).toEqual(['p']);
});

test('pages of any size give every match once, whatever the order asked', async () => {
  const service = await serve();
  const all = Array.from({ length: 37 }, (_, index) => `p${index}`);
  await load(
    service,
    all.map((id) => ({ resourceType: 'Patient', id, active: true })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom('', '&_sort=-_lastUpdated', '&_sort=_id', '&active=true', '&_total=accurate'),
      async (count, rest) => {
        const found = await pagedIds(service, `/Patient?_count=${count}${rest}`);
        expect(found.toSorted()).toEqual(all.toSorted());
      },
    ),
    { numRuns: 25 },
  );
});

test('a criterion with many matches is streamed page by page and stays complete', async () => {
  const service = await serve();
  const all = Array.from({ length: 700 }, (_, index) => ({
    resourceType: 'Patient',
    id: `p${index}`,
    active: true,
    gender: index % 2 === 0 ? 'male' : 'female',
    birthDate: `19${10 + (index % 90)}-01-01`,
  }));
  await load(service, all.slice(0, 350));
  await load(service, all.slice(350));
  expect(new Set(await pagedIds(service, '/Patient?active=true&gender=male&_count=100')).size).toBe(
    350,
  );
  expect(new Set(await pagedIds(service, '/Patient?birthdate=ge1900&_count=90')).size).toBe(700);
  const both = '/Patient?birthdate=lt1955&gender=female&_count=40';
  const early = all.filter((one) => one.gender === 'female' && one.birthDate < '1955');
  expect(new Set(await pagedIds(service, both)).size).toBe(early.length);
  const counted = await service.call('GET', '/Patient?active=true&gender=male&_summary=count');
  expect(counted.json).toMatchObject({ total: 350 });
  expect(counted.json.entry).toBeUndefined();
});

test('_include adds targets once and _revinclude adds what points here', async () => {
  const service = await serve();
  const observation = (id: string) => ({
    resourceType: 'Observation',
    id,
    status: 'final',
    code: { text: 'x' },
    subject: { reference: 'Patient/p' },
  });
  await load(service, [{ resourceType: 'Patient', id: 'p' }, observation('o1'), observation('o2')]);
  const forward = await service.call('GET', '/Observation?_include=Observation:subject');
  const modes = forward.json.entry!.map(({ resource, search }) => [resource!.id, search!.mode]);
  expect(modes).toEqual([
    ['o1', 'match'],
    ['o2', 'match'],
    ['p', 'include'],
  ]);
  const reverse = await service.call('GET', '/Patient?_revinclude=Observation:subject');
  expect(reverse.json.entry!.map(({ resource }) => resource!.id)).toEqual(['p', 'o1', 'o2']);
});

test('_elements cuts and tags SUBSETTED', async () => {
  const service = await serve();
  await load(service, [{ resourceType: 'Patient', id: 'p', active: true, gender: 'male' }]);
  const cut = (await service.call('GET', '/Patient?_elements=gender')).json.entry![0]!.resource!;
  expect(Object.keys(cut).toSorted()).toEqual(['gender', 'id', 'meta', 'resourceType']);
  expect(cut.meta!.tag![0]!.code).toBe('SUBSETTED');
});

test('an unknown parameter is ignored with a warning, or refused when handling is strict', async () => {
  const service = await serve();
  await load(service, [{ resourceType: 'Patient', id: 'p' }]);
  const lenient = await service.call('GET', '/Patient?colour=red');
  expect(lenient.json.entry!.map(({ search }) => search!.mode)).toEqual(['match', 'outcome']);
  expect(lenient.json.link!.find(({ relation }) => relation === 'self')!.url).not.toContain(
    'colour',
  );
  const strict = await service.call('GET', '/Patient?colour=red', undefined, {
    prefer: 'handling=strict',
  });
  expect([strict.status, strict.json.resourceType]).toEqual([400, 'OperationOutcome']);
});

test('POST _search is GET with a form', async () => {
  const service = await serve();
  await load(service, [{ resourceType: 'Patient', id: 'p', gender: 'male' }]);
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await service.call('POST', '/Patient/_search', 'gender=male', form);
  expect(answer.json.entry!.map(({ resource }) => resource!.id)).toEqual(['p']);
});

async function load(service: Door, resources: readonly Body[]) {
  const entry = resources.map((resource) => ({
    resource,
    request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
  }));
  const answer = await service.call('POST', '/', { resourceType: 'Bundle', type: 'batch', entry });
  const refused = answer.json.entry!.filter(({ response }) => !response!.status.startsWith('2'));
  expect(refused).toEqual([]);
}

async function ids(service: Door, path: string): Promise<readonly (string | undefined)[]> {
  const answer = await service.call('GET', path);
  expect([path, answer.status]).toEqual([path, 200]);
  return (answer.json.entry ?? []).map(({ resource }) => resource!.id);
}

async function pagedIds(service: Door, path: string): Promise<string[]> {
  const seen: string[] = [];
  let next: string | undefined = path;
  while (next !== undefined) {
    const page: Answer = await service.call('GET', next);
    for (const { resource } of page.json.entry ?? []) seen.push(resource!.id!);
    next = page.json
      .link!.find(({ relation }) => relation === 'next')
      ?.url.slice(service.url.length);
  }
  return seen;
}
