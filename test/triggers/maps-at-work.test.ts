import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { gridEvent, type Json, patient, type RunningApp, startRunningApp } from './running-app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await startRunningApp({ FDS_RETRY_MAX_SECONDS: '1', FDS_RETRY_ATTEMPTS: '500' });
}, 120_000);
afterAll(() => app?.stop());
afterEach(() => fault('DELETE'));

interface MapContent extends Json {
  readonly attributes: readonly (Json & { readonly column?: string })[];
}

const post = (url: string, body: object) => app.call('POST', url, { body: JSON.stringify(body) });

const mapUrl = '/api/maps/entity/Patient';

async function patientMap() {
  const { etag, body } = await app.call('GET', mapUrl);
  return { etag: etag ?? '', content: body['content'] as MapContent };
}

/** The Patient map with this source of the first name. */
const withFirstName = (map: MapContent, source: string): MapContent => ({
  ...map,
  attributes: map.attributes.map((attribute) =>
    attribute.column === 'firstname' ? { ...attribute, source } : attribute,
  ),
});

async function edit(source: string): Promise<unknown> {
  const { etag, content } = await patientMap();
  const body = JSON.stringify(withFirstName(content, source));
  const answer = await app.call('PUT', mapUrl, { body, headers: { 'if-match': etag } });
  expect(answer.status).toBe(200);
  return answer.body['mapPack'];
}

const fault = (method: 'POST' | 'DELETE', rule?: object) =>
  fetch(`${app.fhirUrl}/_control/faults`, {
    method,
    headers: { 'content-type': 'application/json' },
    ...(rule === undefined ? {} : { body: JSON.stringify(rule) }),
  });

const names = async (): Promise<Readonly<Record<string, unknown>>> =>
  Object.fromEntries(
    (await app.rows('contacts')).map((row) => [row['msemr_azurefhirid'], row['firstname']]),
  );

const lastWrite = async (): Promise<unknown> => {
  const answer = await fetch(`${app.dataverseUrl}/_control/status`);
  return ((await answer.json()) as Json)['lastSequence'];
};

async function synced(id: string, family: string): Promise<void> {
  await app.put(patient(id, family));
  await app.deliver([gridEvent(`Patient/${id}`)]);
  await app.settled();
}

describe('an orchestration', () => {
  it('ends with the maps that it began with, while the next one has the new ones', async () => {
    await app.put(patient('early', 'Old'));
    await fault('POST', { path: '^/Patient/early', status: 503, times: 100_000 });
    await app.deliver([gridEvent('Patient/early')]);
    await edit('$name.family');
    await app.put(patient('late', 'New'));
    await app.deliver([gridEvent('Patient/late')]);
    await expect.poll(names, { timeout: 50_000 }).toEqual({ late: 'New' });
    await fault('DELETE');
    await app.settled();
    expect(await names()).toEqual({ late: 'New', early: 'A' });
    await edit('$name.given[0]');
  });

  it('that redrives has the maps of now: they may be what was corrected', async () => {
    await edit('$.photo');
    await app.put({ ...patient('letter'), photo: [{ title: 'x' }] });
    await app.deliver([gridEvent('Patient/letter')]);
    expect((await app.settled()).deadLetters).toBe(1);
    await edit('$name.given[0]');
    await post('/api/operations/dead-letters/redrive', {});
    expect((await app.settled()).deadLetters).toBe(0);
    expect(await names()).toMatchObject({ letter: 'A' });
  });
});

describe('POST /api/maps/dry-run', () => {
  it('foretells what a draft does to the rows, by column and without values, and writes nothing', async () => {
    await synced('one', 'Canary');
    await synced('two', 'Canary');
    await app.put(patient('three', 'Canary'));
    const written = await lastWrite();
    const { content } = await patientMap();
    const draft = withFirstName(content, '$name.family');
    const request = {
      drafts: [{ kind: 'entity', content: draft }],
      resources: ['Patient/one', 'Patient/two', 'Patient/three', 'Patient/gone'],
    };
    const { status, body } = await post('/api/maps/dry-run', request);
    expect(status, JSON.stringify(body)).toBe(200);
    expect(body).toMatchObject({
      ...{ resources: 3, unmapped: 0, missing: ['Patient/gone'], withheld: 0 },
      outcomes: { created: 1, changed: 2 },
    });
    const columns = body['columns'] as Json[];
    expect(columns).toContainEqual(
      expect.objectContaining({ map: 'Patient', column: 'firstname', created: 1, changed: 2 }),
    );
    expect(columns.filter(({ changed }) => changed !== 0)).toHaveLength(1);
    expect(JSON.stringify(body)).not.toContain('Canary');
    expect(await lastWrite()).toBe(written);
    expect((await app.settled()).pending).toBe(0);
  });

  it('tries what a search finds, and maps that are not in use yet', async () => {
    await app.put({
      ...{ resourceType: 'Device', id: 'd', manufacturer: 'Canary' },
      patient: { reference: 'Patient/one' },
    });
    const { body } = await post('/api/maps/dry-run', {
      ...{ enable: ['Device'], search: 'Device?patient=Patient/one', limit: 5 },
    });
    expect(body).toMatchObject({ resources: 1, outcomes: { created: 1 }, problems: [] });
    const without = await post('/api/maps/dry-run', { search: 'Device' });
    expect(without.body).toMatchObject({ resources: 0, unmapped: 1 });
  });

  it('leaves out what consent keeps out', async () => {
    await app.put(patient('refusing'));
    await app.put({
      ...{ resourceType: 'Consent', id: 'no', status: 'active' },
      ...{ patient: { reference: 'Patient/refusing' }, provision: { type: 'deny' } },
      category: [{ text: 'privacy' }],
      scope: {
        coding: [
          {
            system: 'http://terminology.hl7.org/CodeSystem/consentscope',
            code: 'patient-privacy',
          },
        ],
      },
    });
    const { body } = await post('/api/maps/dry-run', { resources: ['Patient/refusing'] });
    expect(body).toMatchObject({ resources: 0, withheld: 1, columns: [] });
  });

  it('says what would be rejected, with the place and an example', async () => {
    await app.put(patient('bad', 'Canary'.repeat(50)));
    const { body } = await post('/api/maps/dry-run', { resources: ['Patient/bad'] });
    expect(body).toMatchObject({
      outcomes: { rejected: 1 },
      problems: [{ map: 'Patient', column: 'lastname', count: 1, example: 'Patient/bad' }],
    });
    expect(JSON.stringify(body)).not.toContain('Canary');
  });

  it.each([
    [{}, 400],
    [{ resources: ['Patient'] }, 400],
    [{ resources: ['https://other.example.org/Patient/1'] }, 400],
    [{ search: 'https://other.example.org/' }, 400],
    [{ search: '../Patient' }, 400],
    [{ search: 'Patient?nonsense=1' }, 502],
    [{ search: 'Patient', limit: 100_000 }, 400],
    [{ search: 'Patient', enable: ['Nothing'] }, 404],
    [{ search: 'Patient', drafts: [{ kind: 'entity', content: { name: 'x' } }] }, 422],
    [{ search: 'Patient', drafts: [{ kind: 'packs', content: { name: 'x' } }] }, 400],
    [{ search: 'Patient', extra: true }, 400],
  ])('%j: %i with a remedy', async (request, status) => {
    const answer = await post('/api/maps/dry-run', request);
    expect([answer.status, answer.type]).toEqual([status, 'application/problem+json']);
    expect(String(answer.body['detail']).length).toBeGreaterThan(20);
  });
});
