import { describe, expect, it } from 'vitest';
import { mapsOfRunningApp, problemType, urlOf, withAttribute } from './map-calls.ts';
import { patient } from './running-app.ts';

const { app, send, read, mapPack, listed } = mapsOfRunningApp();

describe('POST /api/maps/{kind}/{name}/{change}', () => {
  const change = (name: string, verb: string, body?: object, kind = 'entity') =>
    send('POST', urlOf(kind, name, `/${verb}`), body);

  it('enables a root, tells which of its expansions are off, and enables them when asked', async () => {
    await change('patient-communication', 'disable', undefined, 'expansion');
    const plain = await change('Patient', 'enable');
    expect(plain.status).toBe(200);
    expect(plain.body['expansions']).toContainEqual({
      name: 'patient-communication',
      status: 'disabled',
    });
    const whole = await change('Patient', 'enable?withExpansions=true');
    expect(whole.body['expansions']).toContainEqual({
      name: 'patient-communication',
      status: 'enabled',
    });
    expect(whole.body['mapPack']).not.toBe(plain.body['mapPack']);
    await change('patient-communication', 'disable', undefined, 'expansion');
  });

  it('disables, archives, restores and rolls back, each as a version of its own', async () => {
    for (const [verb, status] of [
      ['enable', 'enabled'],
      ['disable', 'disabled'],
      ['archive', 'archived'],
      ['restore', 'disabled'],
    ] as const) {
      expect(await change('Location', verb)).toMatchObject({ status: 200, body: { status } });
      expect(await listed('entity', 'Location')).toMatchObject({ status });
    }
    const back = await change('Location', 'rollback', { version: 1 });
    expect(back.body).toMatchObject({ version: 5, change: 'rollback', status: 'enabled' });
    const shipped = await change('Location', 'rollback', { version: 0 });
    expect(shipped.body).toMatchObject({ version: 6, status: 'disabled' });
  });

  it('copies a map under another name, disabled', async () => {
    const copied = await change('Goal', 'copy', { name: 'Goal (ours)' });
    expect(copied).toMatchObject({ status: 201, etag: '"1"', body: { status: 'disabled' } });
    expect((await change('Goal', 'copy', { name: 'Goal (ours)' })).status).toBe(409);
    expect((await change('Goal', 'copy', { name: 'a/b' })).status).toBe(400);
  });

  it('obeys If-Match when it is sent', async () => {
    const url = urlOf('entity', 'Device', '/enable');
    expect((await send('POST', url, {}, { 'if-match': '"3"' })).status).toBe(412);
    expect((await send('POST', url, {}, { 'if-match': '"0"' })).status).toBe(200);
    await change('Device', 'disable');
  });

  it.each([
    ['Patient', 'delete', undefined, 404],
    ['Patient', 'constructor', undefined, 404],
    ['Nothing', 'enable', undefined, 404],
    ['Patient', 'rollback', { version: 99 }, 404],
    ['Patient', 'rollback', {}, 400],
    ['Patient', 'rollback', { version: '1' }, 400],
    ['Patient', 'copy', {}, 400],
    ['Referral', 'enable', undefined, 200],
    ['ServiceRequest', 'enable', undefined, 422],
  ])('%s/%s %j: %i', async (name, verb, body, status) => {
    const answer = await change(name, verb, body);
    expect(answer.status).toBe(status);
    if (status !== 200) expect(answer.type).toBe(problemType);
    if (status === 422) expect(String(answer.body['detail'])).toContain('disable one of the two');
  });
});

describe('POST /api/maps/check', () => {
  it('compares drafts with the tables of the organisation, by file and JSON pointer', async () => {
    const { content } = await read('entity', 'Practitioner');
    const draft = withAttribute(content, 'lastname', { column: 'fds_nowhere' });
    const index = content.attributes.findIndex(({ column }) => column === 'lastname');
    const drafts = [{ kind: 'entity', content: draft }];
    const { status, body } = await send('POST', '/api/maps/check', { drafts });
    expect(status).toBe(200);
    expect(body['errors']).toBeGreaterThan(0);
    expect(body['problems']).toContainEqual(
      expect.objectContaining({
        ...{ severity: 'error', file: 'entity/practitioner.json' },
        pointer: `/attributes/${index}/column`,
      }),
    );
    expect((await read('entity', 'Practitioner')).body['version']).toBe(0);
  });

  it('tries the maps on resources', async () => {
    await app().put({ ...patient('checked', 'X'.repeat(200)), birthDate: '1970-01' });
    const { body } = await send('POST', '/api/maps/check', {
      resources: ['Patient/checked', 'Patient/absent'],
    });
    expect(body).toMatchObject({
      samples: { mapped: 1, rejected: 1 },
      missing: ['Patient/absent'],
    });
    expect(JSON.stringify(body)).not.toMatch(/X{10}|1970-01/);
  });

  it('of drafts that are no maps says so', async () => {
    const drafts = [{ kind: 'entity', content: { name: 'Bad' } }];
    const answer = await send('POST', '/api/maps/check', { drafts });
    expect([answer.status, answer.type]).toEqual([422, problemType]);
    expect(answer.body['problems']).not.toEqual([]);
  });
});

describe('POST /api/maps/import', () => {
  const rows = {
    msind_updateserviceentitymaps: [
      {
        msind_updateserviceentitymapid: '0b3a3d4e-0000-4000-8000-000000000001',
        msind_name: 'contact <-> Patient',
        msind_entityname: 'contact',
        '_msind_azurefhirresource_value@OData.Community.Display.V1.FormattedValue': 'Patient',
        msind_disabled: false,
      },
    ],
    msind_updateserviceattributemaps: [
      {
        msind_updateserviceattributemapid: '0b3a3d4e-0000-4000-8000-000000000002',
        _msind_updateserviceentitymap_value: '0b3a3d4e-0000-4000-8000-000000000001',
        msind_entityname: 'contact',
        msind_cdsattributename: 'firstname',
        msind_cdsattributetype: 'String',
        msind_cdsmaxlength: 50,
        msind_actiontype: 440670000,
        msind_fhirelementname: 'name',
        msind_fhirelementmap: '{"s":"$.name[0].given[0]"}',
      },
    ],
  };

  it('saves maps of the Data integration toolkit, disabled, and never over another', async () => {
    const before = await mapPack();
    const first = await send('POST', '/api/maps/import', rows);
    expect(first.status, JSON.stringify(first.body)).toBe(200);
    expect(first.body).toMatchObject({
      saved: [{ kind: 'entity', name: 'contact <-> Patient', version: 1 }],
      refused: [],
    });
    expect(await listed('entity', 'contact <-> Patient')).toMatchObject({
      ...{ status: 'disabled', author: 'local', shipped: false },
    });
    expect(await mapPack()).toBe(before);
    const second = await send('POST', '/api/maps/import', rows);
    expect(second.body).toMatchObject({ saved: [], refused: [{ code: 'CONFLICT' }] });
    const third = await send('POST', '/api/maps/import?replace=true', rows);
    expect(third.body).toMatchObject({ saved: [{ version: 2 }], refused: [] });
  });

  it('names what it cannot take over', async () => {
    const { status, body } = await send('POST', '/api/maps/import', { rows: [{ other: 1 }] });
    expect(status).toBe(200);
    expect(body).toMatchObject({ saved: [], problems: [{ pointer: '/rows/0' }] });
    expect((await send('POST', '/api/maps/import', 'no json')).status).toBe(400);
  });
});
