import { expect, test } from 'vitest';
import { exportHeaders, pathOf, serveBulk, useStorage } from './bulk-services.ts';
import type { Door } from './running-service.ts';

// The kick-off of $export: facts/migration.md 2.1, from the source of the open-source FHIR server and the vendor's pages.

useStorage();

const kickOff = (
  service: Door,
  query = '',
  headers: Record<string, string> = exportHeaders,
  path = '',
) => service.call('GET', `${path}/$export${query}`, undefined, headers);

test('a kick-off without the exact Accept and Prefer headers is 400', async () => {
  const service = await serveBulk();
  const wrong: Record<string, string>[] = [
    { accept: 'application/fhir+json' },
    { accept: 'application/json', prefer: 'respond-async' },
    { accept: 'application/fhir+json, application/json', prefer: 'respond-async' },
    { accept: 'application/fhir+json', prefer: 'return=minimal' },
    { accept: 'application/fhir+json', prefer: 'handling=lenient' },
    { accept: 'application/fhir+json', prefer: 'respond-async, handling=none' },
  ];
  for (const headers of wrong) expect((await kickOff(service, '', headers)).status).toBe(400);
  const lenient = { accept: 'application/fhir+json', prefer: 'respond-async, handling=lenient' };
  expect((await kickOff(service, '', lenient)).status).toBe(202);
});

test('unknown or misused parameters of a kick-off are 400 and say what is wrong', async () => {
  const service = await serveBulk();
  const wrong: [string, string][] = [
    ['?_unknown=1', '_unknown'],
    ['?_includeAssociatedData=_history', '_includeAssociatedData'],
    ['?_typeFilter=Patient%3Fgender%3Dmale', '_type'],
    ['?_type=Patient&_typeFilter=Patient', '_typeFilter'],
    ['?_type=Patient&_typeFilter=Patient%3Fnothing%3D1', 'nothing'],
    [
      '?_type=Patient&_typeFilter=Patient%3Fgender%3Dmale&includeAssociatedData=_history',
      'historical',
    ],
    ['?includeAssociatedData=history', 'includeAssociatedData'],
    ['?_type=Nothing', 'Nothing'],
    ['?_since=yesterday', '_since'],
    ['?_till=soon', '_till'],
    ['?_outputFormat=csv', 'csv'],
    ['?_maxCount=many', '_maxCount'],
    ['?_isParallel=maybe', '_isParallel'],
    ['?_anonymizationConfig=rules.json', '_container'],
    ['?_anonymizationConfigEtag=1', '_anonymizationConfig'],
    ['?_container=..%2Fother', 'traversal'],
    ['?_format=own', 'own'],
  ];
  for (const [query, named] of wrong) {
    const answer = await kickOff(service, query);
    expect([query, answer.status]).toEqual([query, 400]);
    expect(answer.json.issue![0]!.diagnostics).toContain(named);
  }
});

test('types other than Patient and Group cannot be exported', async () => {
  const service = await serveBulk();
  for (const path of ['/Observation', '/Group', '/Patient/a']) {
    expect((await kickOff(service, '', exportHeaders, path)).status).toBe(400);
  }
});

test('a kick-off answers 202 with an empty body and the place to poll, and each one is a new job', async () => {
  const service = await serveBulk();
  const first = await kickOff(service);
  const second = await kickOff(service);
  expect([first.status, first.text]).toEqual([202, '']);
  expect(first.headers.get('content-location')).toMatch(
    new RegExp(`^${service.url}/_operations/export/\\d+$`),
  );
  expect(pathOf(second)).not.toBe(pathOf(first));
});
