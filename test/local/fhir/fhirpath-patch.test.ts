import { expect, test } from 'vitest';
import {
  identifier,
  identifiers,
  insert,
  move,
  named,
  number,
  officialCases,
  operation,
  type Part,
  value,
} from './fhirpath-patch-cases.ts';
import { type Body, type Door, serve } from './running-service.ts';

test('HL7’s own FHIRPath Patch cases give HL7’s results', async () => {
  const service = await serve();
  for (const [index, [name, before, operations, after]] of officialCases.entries()) {
    const id = `case-${index}`;
    expect([
      name,
      await patched(service, { resourceType: 'Patient', id, ...before }, operations),
    ]).toEqual([name, { resourceType: 'Patient', id, ...after }]);
  }
});

test('what the cases leave open is as in the service behind Azure: choices, conditions, primitives with extensions', async () => {
  const service = await serve();
  const extension = [{ url: 'urn:e', valueString: 'x' }];
  const table: readonly (readonly [string, Part, readonly Part[], Part])[] = [
    [
      'a choice gets the type of its value',
      {},
      [operation('add', 'Patient', named('deceased'), value({ valueBoolean: true }))],
      { deceasedBoolean: true },
    ],
    [
      'replacing a choice by another type leaves one of them',
      { deceasedBoolean: true },
      [operation('replace', 'Patient.deceased', value({ valueDateTime: '2020-01-01' }))],
      { deceasedDateTime: '2020-01-01' },
    ],
    [
      'where() selects among list items',
      { identifier: [identifier(1), { use: 'official', value: '7' }] },
      [operation('delete', "Patient.identifier.where(use = 'official')")],
      identifiers(1),
    ],
    [
      'upsert replaces what is there',
      { gender: 'male' },
      [operation('upsert', 'Patient', named('gender'), value({ valueCode: 'female' }))],
      { gender: 'female' },
    ],
    [
      'upsert adds what is missing',
      {},
      [operation('upsert', 'Patient', named('gender'), value({ valueCode: 'female' }))],
      { gender: 'female' },
    ],
    [
      'a moved primitive takes its extensions along',
      { name: [{ given: ['A', 'B'], _given: [{ extension }, null] }] },
      [operation('move', 'Patient.name[0].given', number('source', 0), number('destination', 1))],
      { name: [{ given: ['B', 'A'], _given: [null, { extension }] }] },
    ],
    [
      'delete of nothing is no error',
      { gender: 'male' },
      [operation('delete', 'Patient.birthDate')],
      { gender: 'male' },
    ],
  ];
  for (const [index, [name, before, operations, after]] of table.entries()) {
    const id = `more-${index}`;
    expect([
      name,
      await patched(service, { resourceType: 'Patient', id, ...before }, operations),
    ]).toEqual([name, { resourceType: 'Patient', id, ...after }]);
  }
});

test('an operation that cannot apply is 400, names itself, and changes nothing', async () => {
  const service = await serve();
  const resource = { resourceType: 'Patient', id: 'p', gender: 'male', ...identifiers(1, 2) };
  await service.call('PUT', '/Patient/p', resource);
  const refused: readonly (readonly [Part, string])[] = [
    // HL7's case "Operation on missing element".
    [
      operation(
        'add',
        "Patient.identifier.where(use = 'official').period",
        named('end'),
        value({ valueDate: '2021-12-01' }),
      ),
      'No content found',
    ],
    [
      operation('add', 'Patient', named('gender'), value({ valueCode: 'female' })),
      'Existing element',
    ],
    [operation('add', 'Patient', named('colour'), value({ valueCode: 'red' })), 'not found'],
    [
      operation('replace', 'Patient.birthDate', value({ valueDate: '2020-01-01' })),
      'No content found',
    ],
    [operation('delete', 'Patient.identifier'), 'Multiple elements'],
    [insert(5), 'out of bounds'],
    [move(2, 0), 'Source'],
    [move(0, 2), 'Destination'],
    [operation('replace', 'Patient.id', value({ valueId: 'q' })), 'must not change'],
    [operation('replace', 'Patient.gender', value({ valueCode: 'blue' })), 'required value set'],
    [operation('twist', 'Patient.gender'), 'needs a path and a type'],
    [operation('delete', 'Patient.descendants()'), 'not supported'],
  ];
  for (const [wrong, text] of refused) {
    const body = { resourceType: 'Parameters', parameter: [wrong] };
    const answer = await service.call('PATCH', '/Patient/p', body);
    expect([answer.status, answer.json.issue?.[0]?.diagnostics]).toEqual([
      400,
      expect.stringContaining(text),
    ]);
  }
  expect((await service.call('GET', '/Patient/p')).json.meta!.versionId).toBe('1');
});

test('FHIRPath Patch works by condition, with If-Match, and as a bundle entry', async () => {
  const service = await serve();
  await service.call('PUT', '/Patient/p', { resourceType: 'Patient', id: 'p', ...identifiers(1) });
  const toFemale = parameters(
    operation('upsert', 'Patient', named('gender'), value({ valueCode: 'female' })),
  );
  const stale = await service.call('PATCH', '/Patient/p', toFemale, { 'if-match': 'W/"9"' });
  expect(stale.status).toBe(412);
  const byCondition = '/Patient?identifier=http://example.org|value 1';
  expect((await service.call('PATCH', byCondition, toFemale)).json['gender']).toBe('female');
  const toMale = parameters(operation('replace', 'Patient.gender', value({ valueCode: 'male' })));
  for (const type of ['batch', 'transaction']) {
    const entry = [{ resource: toMale, request: { method: 'PATCH', url: 'Patient/p' } }];
    const answer = await service.call('POST', '/', { resourceType: 'Bundle', type, entry });
    expect(answer.json.entry![0]!.response!.status).toBe('200');
  }
  const read = await service.call('GET', '/Patient/p');
  expect([read.json['gender'], read.json.meta!.versionId]).toEqual(['male', '3']);
});

test('decimals that a FHIRPath Patch does not touch keep their digits', async () => {
  const service = await serve();
  const text =
    '{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueQuantity":{"value":1.10}}';
  await service.call('PUT', '/Observation/o', text);
  const body = parameters(
    operation('replace', 'Observation.status', value({ valueCode: 'amended' })),
  );
  expect((await service.call('PATCH', '/Observation/o', body)).text).toContain('"value":1.10');
});

function parameters(...parameter: Part[]) {
  return { resourceType: 'Parameters', parameter };
}

async function patched(service: Door, before: Part & { id: string }, operations: readonly Part[]) {
  await service.call('PUT', `/Patient/${before.id}`, before);
  const answer = await service.call('PATCH', `/Patient/${before.id}`, parameters(...operations));
  const { meta: _meta, ...rest }: Body = answer.json;
  return rest;
}
