import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test, vi } from 'vitest';
import { type Body, newFolder, serve } from './running-service.ts';

/** Every search that the product sends: consent, compartments, identifiers, windows of a migration, history. */
const productSearches = [
  '/Patient?_id=p1,p2,p3',
  '/Consent?patient=Patient/p1,Patient/p2&status=active&_count=200',
  '/Observation?patient=Patient/p1&_elements=id&_count=1000',
  '/Encounter?patient=Patient/p1&_elements=id&_count=1000',
  '/Patient?identifier=urn:mrn|7',
  '/Patient/p1/*',
  '/Patient/p1/$everything',
  '/Observation?_lastUpdated=ge2020-01-01&_lastUpdated=lt2100-01-01&_summary=count',
  '/?_type=Patient,Observation&_lastUpdated=ge2020-01-01&_lastUpdated=lt2100-01-01&_summary=count',
  '/Patient?_sort=_lastUpdated&_count=1',
  '/Patient?_sort=-_lastUpdated&_count=1',
  '/?_sort=_lastUpdated&_count=1',
  '/Patient?_summary=count',
  '/Patient/p1/_history',
  '/Patient/_history?_since=2020-01-01&_count=100',
  '/_history?_since=2020-01-01&_count=100',
  '/Patient/_history?_sort=_lastUpdated&_count=1',
  '/_history?_sort=_lastUpdated&_count=1',
  '/Patient/_history?_since=2020-01-01&_before=2100-01-01&_summary=count',
  '/_history?_since=2020-01-01&_before=2100-01-01&_summary=count',
];

/** The same, with enough matches that they are streamed and not collected. */
const wideSearches = [
  '/Observation?status=final&_count=50',
  '/Observation?status=final&patient=Patient/p1',
  '/Observation?date=ge2020-01-01&_count=50',
  '/Observation?code:not=x&_count=50',
  '/Patient?name=a&_count=50',
  '/Observation?component-code-value-quantity=a$gt1',
  '/Patient?_has:Observation:patient:code=c1',
  '/Observation?patient.name=anna',
];

test('no search of the product reads a whole table', async () => {
  const dataFolder = newFolder();
  const service = await serve({ dataFolder });
  await service.call('POST', '/', manyResources());
  const plans = new Map<string, readonly string[]>();
  const reader = new DatabaseSync(join(dataFolder, 'fhir.sqlite'), { readOnly: true });
  reader.function('composite_matches', (_body, _spec) => 1);
  const prepare = vi.spyOn(DatabaseSync.prototype, 'prepare');
  for (const path of [...productSearches, ...wideSearches]) {
    prepare.mockClear();
    const { status } = await service.call('GET', path);
    expect([path, status]).toEqual([path, 200]);
    const statements = prepare.mock.calls.map(([sql]) => sql);
    for (const sql of statements) if (/^SELECT/.test(sql)) plans.set(sql, planOf(reader, sql));
  }
  prepare.mockRestore();
  expect(plans.size).toBeGreaterThan(productSearches.length / 2);
  const scans = [...plans].filter(([, plan]) => plan.some(readsWholeTable));
  reader.close();
  expect(scans).toEqual([]);
});

function planOf(database: DatabaseSync, sql: string): readonly string[] {
  return database
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map((row) => String(row['detail']));
}

/** SCAN walks a table or index from end to end; the result of a subquery is no table. */
function readsWholeTable(detail: string): boolean {
  return /^SCAN (?!\(|CONSTANT)/.test(detail);
}

function manyResources(): Body {
  const patients = Array.from({ length: 20 }, (_, index) => ({
    resourceType: 'Patient',
    id: `p${index}`,
    name: [{ family: 'anna' }],
    identifier: [{ system: 'urn:mrn', value: String(index) }],
  }));
  const observations = Array.from({ length: 400 }, (_, index) => ({
    resourceType: 'Observation',
    id: `o${index}`,
    status: 'final',
    code: { coding: [{ code: `c${index % 50}` }] },
    subject: { reference: `Patient/p${index % 20}` },
    effectiveDateTime: `2024-01-${String((index % 28) + 1).padStart(2, '0')}`,
  }));
  return {
    resourceType: 'Bundle',
    type: 'batch',
    entry: [...patients, ...observations].map((resource) => ({
      resource,
      request: { method: 'PUT', url: `${resource.resourceType}/${resource.id}` },
    })),
  };
}
