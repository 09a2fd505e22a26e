import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gridEvent, patient, type RunningApp, startRunningApp } from './running-app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await startRunningApp({ FDS_AUTHORIZATION: 'easy-auth' }, { ownStorage: true });
}, 120_000);
afterAll(() => app?.stop());

/** As App Service authentication passes the signed-in principal on. */
const signedIn = (...roles: readonly string[]) => {
  const claims = roles.map((val) => ({ typ: 'roles', val }));
  const principal = { auth_typ: 'aad', claims, name_typ: 'name', role_typ: 'roles' };
  const text = Buffer.from(JSON.stringify(principal)).toString('base64');
  return { 'x-ms-client-principal': text };
};

const config = 'Config Administrator';

/** Every endpoint of the API, and the roles that open it. */
const endpoints: readonly (readonly [string, string, readonly string[]])[] = [
  ['GET', '/api/status', ['Operator', config]],
  ['GET', '/api/operations/changes/Patient/a', ['Operator', 'Healthcare User']],
  ['GET', '/api/operations/dead-letters', ['Operator']],
  ['POST', '/api/operations/dead-letters/redrive', ['Operator']],
  ['GET', '/api/maps', ['Operator', config]],
  ['GET', '/api/maps/entity/Patient', ['Operator', config]],
  ['GET', '/api/maps/entity/Patient/history', ['Operator', config]],
  ['PUT', '/api/maps/entity/Patient', [config]],
  ['POST', '/api/maps/entity/Slot/disable', [config]],
  ['POST', '/api/maps/check', [config]],
  ['POST', '/api/maps/dry-run', [config]],
  ['POST', '/api/maps/import', [config]],
  ['GET', '/api/migrations', ['Operator', config]],
  ['POST', '/api/migrations', ['Operator']],
  ['GET', '/api/migrations/m', ['Operator', config]],
  ['POST', '/api/migrations/m/pause', ['Operator']],
  ['PATCH', '/api/migrations/m/settings', ['Operator']],
  ['GET', '/api/migrations/m/windows', ['Operator', config]],
  ['GET', '/api/migrations/m/quarantine', ['Operator', config]],
  ['POST', '/api/migrations/m/quarantine/replay', ['Operator']],
  ['GET', '/api/migrations/m/repairs', ['Operator', config]],
  ['GET', '/api/migrations/m/certificate', ['Operator', config]],
  ['POST', '/api/migrations/assess', ['Operator']],
  ['GET', '/api/migrations/m/readiness', ['Operator', config]],
  ['GET', '/api/migrations/m/cutover-checklist', ['Operator', config]],
];

const roles = ['Operator', config, 'Healthcare User', 'App Registration'];

describe('with App Service authentication', () => {
  it.each(endpoints)('%s %s needs a role, on loopback too', async (method, path) => {
    const answer = await app.call(method, path);
    expect([answer.status, answer.type]).toEqual([403, 'application/problem+json']);
    expect(answer.body).toMatchObject({ title: 'FORBIDDEN', status: 403 });
    expect(answer.body['detail']).toContain('roles');
  });

  it.each(endpoints)('%s %s opens for %j only', async (method, path, allowed) => {
    for (const role of roles) {
      const { status } = await app.call(method, path, { headers: signedIn(role) });
      expect([role, status === 403]).toEqual([role, !allowed.includes(role)]);
    }
  });

  it('the list of endpoints is whole', () => {
    const text = readFileSync(new URL('../../triggers/app.ts', import.meta.url), 'utf8');
    const registered = [...text.matchAll(/^\s*http\(/gm)];
    expect(registered).toHaveLength(endpoints.length);
  });

  it('who changed a map is the signed-in person', async () => {
    const claims = [
      { typ: 'roles', val: config },
      { typ: 'name', val: 'Ann A' },
      { typ: 'preferred_username', val: 'ann@example.org' },
    ];
    const principal = Buffer.from(JSON.stringify({ claims })).toString('base64');
    const headers = { 'x-ms-client-principal': principal };
    const answer = await app.call('POST', '/api/maps/entity/Goal/disable', { headers });
    expect([answer.status, answer.body['author']]).toEqual([200, 'ann@example.org']);
  });

  it.each(['garbage', 'e30=', 'bnVsbA=='])(
    '%s in place of a principal opens nothing',
    async (text) => {
      const headers = { 'x-ms-client-principal': text };
      expect((await app.call('GET', '/api/status', { headers })).status).toBe(403);
    },
  );

  it('a role opens what it is for, and nothing else', async () => {
    const status = (role: string) => app.call('GET', '/api/status', { headers: signedIn(role) });
    expect((await status('Operator')).status).toBe(200);
    expect((await status('Config Administrator')).status).toBe(200);
    expect((await status('Healthcare User')).status).toBe(403);
    const redrive = await app.call('POST', '/api/operations/dead-letters/redrive', {
      body: '{}',
      headers: signedIn('Config Administrator', 'Healthcare User'),
    });
    expect(redrive.status).toBe(403);
  });

  it('events need no role: their door has a key of its own', async () => {
    expect((await app.deliver([])).status).toBe(202);
  });
});

describe('with storage that is down', () => {
  it('events are not accepted, so that Event Grid delivers them again, and status says what is wrong', async () => {
    await app.put(patient('later'));
    await app.endStorage();
    const [delivered, status] = await Promise.all([
      app.deliver([gridEvent('Patient/later')]),
      app.call('GET', '/api/status', { headers: signedIn('Operator') }),
    ]);
    expect(delivered.status).toBe(500);
    expect([status.status, status.body['title']]).toEqual([503, 'STATE_UNAVAILABLE']);
  });
});
