import { expect, test } from 'vitest';
import { serve } from './running-service.ts';

const json = 'application/fhir+json';
const patient = (more: object) => JSON.stringify({ resourceType: 'Patient', id: 'a', ...more });

/** what is wrong, method, path, body, content type, expected status */
const table: readonly (readonly [string, string, string, string | undefined, string, number])[] = [
  ['broken JSON', 'POST', '/Patient', '{"resourceType":', json, 400],
  ['JSON that is no object', 'POST', '/Patient', '[1]', json, 400],
  ['no body', 'POST', '/Patient', undefined, json, 400],
  [
    'another type than the URL',
    'PUT',
    '/Patient/a',
    '{"resourceType":"Device","id":"a"}',
    json,
    400,
  ],
  ['another id than the URL', 'PUT', '/Patient/b', patient({}), json, 400],
  ['an update without id', 'PUT', '/Patient/a', '{"resourceType":"Patient"}', json, 400],
  ['an id with forbidden characters', 'PUT', '/Patient/a_b', patient({ id: 'a_b' }), json, 400],
  [
    'an id of 65 characters',
    'PUT',
    `/Patient/${'x'.repeat(65)}`,
    patient({ id: 'x'.repeat(65) }),
    json,
    400,
  ],
  ['an unknown element', 'PUT', '/Patient/a', patient({ nme: [] }), json, 400],
  ['a code outside its required set', 'PUT', '/Patient/a', patient({ gender: 'm' }), json, 400],
  ['a date that is none', 'PUT', '/Patient/a', patient({ birthDate: '1.2.1980' }), json, 400],
  [
    'one value where a list belongs',
    'PUT',
    '/Patient/a',
    patient({ name: { family: 'x' } }),
    json,
    400,
  ],
  ['an empty list', 'PUT', '/Patient/a', patient({ name: [] }), json, 400],
  [
    'a number where text belongs',
    'PUT',
    '/Patient/a',
    patient({ name: [{ family: 1 }] }),
    json,
    400,
  ],
  [
    'a required element missing',
    'POST',
    '/Observation',
    '{"resourceType":"Observation","status":"final"}',
    json,
    400,
  ],
  ['XML', 'POST', '/Patient', '<Patient/>', 'application/fhir+xml', 415],
  ['a resource sent as PATCH', 'PATCH', '/Patient/a', patient({}), json, 415],
  ['a patch that is no array', 'PATCH', '/Patient/a', '{}', 'application/json-patch+json', 400],
  [
    'a patch operation without path',
    'PATCH',
    '/Patient/a',
    '[{"op":"add"}]',
    'application/json-patch+json',
    400,
  ],
  ['a patch of a missing id', 'PATCH', '/Patient/none', '[]', 'application/json-patch+json', 404],
  ['an unknown type', 'GET', '/Patien', undefined, json, 404],
  ['an unknown type with an id', 'GET', '/Foo/1', undefined, json, 404],
  ['a route in lower case', 'GET', '/patient/1', undefined, json, 404],
  ['an unknown operation', 'GET', '/$export2', undefined, json, 404],
  ['an unknown operation of a type', 'POST', '/Patient/$nope', patient({}), json, 404],
  ['a route below a version', 'GET', '/Patient/a/_history/1/x', undefined, json, 404],
  ['a route below an instance', 'GET', '/Observation/a/Patient', undefined, json, 404],
  ['a version that is no number', 'GET', '/Patient/a/_history/x', undefined, json, 404],
  ['a POST to an instance', 'POST', '/Patient/a', patient({}), json, 405],
  ['a DELETE of metadata', 'DELETE', '/metadata', undefined, json, 405],
  ['no bundle at the base', 'POST', '/', patient({}), json, 400],
  [
    'a bundle of another type',
    'POST',
    '/',
    '{"resourceType":"Bundle","type":"collection"}',
    json,
    400,
  ],
  ['a date parameter that is none', 'GET', '/Patient?birthdate=x', undefined, json, 400],
  ['an unknown modifier', 'GET', '/Patient?gender:above=x', undefined, json, 400],
  [
    'a prototype name as a conditional parameter',
    'DELETE',
    '/Patient?__proto__=x',
    undefined,
    json,
    400,
  ],
  ['arrays nested without end', 'POST', '/Patient', `{"a":${'['.repeat(500)}`, json, 400],
  [
    'more values than a query holds',
    'GET',
    `/Patient?_id=${'a,'.repeat(6000)}`,
    undefined,
    json,
    400,
  ],
  [
    'a patch of the prototype',
    'PATCH',
    '/Patient/a',
    '[{"op":"add","path":"/__proto__/x","value":1}]',
    'application/json-patch+json',
    400,
  ],
  [
    'a patch that tests in vain',
    'PATCH',
    '/Patient/a',
    '[{"op":"test","path":"/active","value":true}]',
    'application/json-patch+json',
    400,
  ],
  [
    'a patch of the version',
    'PATCH',
    '/Patient/a',
    '[{"op":"replace","path":"/meta/versionId","value":"9"}]',
    'application/json-patch+json',
    400,
  ],
  ['a negative _count', 'GET', '/Patient?_count=-1', undefined, json, 400],
  ['an unknown type in _type', 'GET', '/?_type=Patient,Foo', undefined, json, 400],
  ['a made-up continuation token', 'GET', '/Patient?ct=abc', undefined, json, 400],
  ['a sort that cannot be', 'GET', '/Patient?_sort=colour', undefined, json, 400],
  ['a broken percent escape', 'GET', '/Patient/%zz', undefined, json, 400],
  ['a malformed If-Match', 'PUT', '/Patient/a', patient({ active: false }), json, 400],
  [
    'a body beyond the limit',
    'POST',
    '/Patient',
    patient({ language: 'x'.repeat(5000) }),
    json,
    413,
  ],
];

test.each(table)(
  '%s is refused as an OperationOutcome',
  async (name, method, path, body, type, status) => {
    const service = await serve({ maximumBodyBytes: 4096 });
    await service.call('PUT', '/Patient/a', patient({}));
    const answer = await service.call(method, path, body, {
      'content-type': type,
      ...(name === 'a malformed If-Match' ? { 'if-match': 'two' } : {}),
    });
    expect([answer.status, answer.json.resourceType]).toEqual([status, 'OperationOutcome']);
    expect(answer.json.issue![0]!.diagnostics.length).toBeGreaterThan(10);
    const history = await service.call('GET', '/_history?_summary=count');
    expect(history.json.total).toBe(1);
  },
);

test('nothing of a broken body comes back in the error', async () => {
  const service = await serve();
  const answer = await service.call('POST', '/Patient', '{"name": secretname');
  expect(answer.text).not.toContain('secretname');
});

test('$validate answers 200 with what is wrong and stores nothing', async () => {
  const service = await serve();
  const wrong = await service.call(
    'POST',
    '/Patient/$validate',
    patient({ birthDate: '2021-02-30' }),
  );
  expect(wrong.status).toBe(200);
  expect(wrong.json.issue![0]!.severity).toBe('error');
  const right = await service.call(
    'POST',
    '/Patient/$validate',
    patient({ birthDate: '2021-02-28' }),
  );
  expect(right.json.issue![0]!.severity).toBe('information');
  expect((await service.call('GET', '/Patient?_summary=count')).json.total).toBe(0);
});
