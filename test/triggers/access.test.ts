import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gridEvent, patient, type RunningApp, startRunningApp } from './running-app.ts';

let app: RunningApp;
beforeAll(async () => {
  app = await startRunningApp({ FDS_AUTHORIZATION: 'easy-auth' });
}, 120_000);
afterAll(() => app?.stop());

/** As App Service authentication passes the signed-in principal on. */
const signedIn = (...roles: readonly string[]) => {
  const claims = roles.map((val) => ({ typ: 'roles', val }));
  const principal = { auth_typ: 'aad', claims, name_typ: 'name', role_typ: 'roles' };
  const text = Buffer.from(JSON.stringify(principal)).toString('base64');
  return { 'x-ms-client-principal': text };
};

describe('with App Service authentication', () => {
  it.each(['/api/status', '/api/operations/changes/Patient/a', '/api/operations/dead-letters'])(
    '%s needs a role, on loopback too',
    async (path) => {
      const answer = await app.call('GET', path);
      expect([answer.status, answer.type]).toEqual([403, 'application/problem+json']);
      expect(answer.body).toMatchObject({ title: 'FORBIDDEN', status: 403 });
      expect(answer.body['detail']).toContain('roles');
    },
  );

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
