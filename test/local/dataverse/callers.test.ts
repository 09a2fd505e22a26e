import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { addUser, callAs, codeOf, idOf, type User } from './application-users.ts';
import { startService, type TestService } from './web-api-client.ts';

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const user = (wish: object) => addUser(service, wish);
const as = (who: User, ...call: Parameters<TestService['call']>) => callAs(service, who, ...call);

describe('who calls', () => {
  test('WhoAmI tells the user of the token; without one the system administrator', async () => {
    const who = await user({});
    const { json } = await as(who, 'GET', 'WhoAmI');
    expect(json).toMatchObject({ UserId: who.systemuserid, OrganizationId: expect.any(String) });
    const nobody = await service.call('GET', 'WhoAmI');
    expect(nobody.json['UserId']).toBe('aaaaaaaa-0000-4000-8000-000000000001');
  });

  test('a JWT is known by its appid, and an application that is no user is 403 0x80072560', async () => {
    const who = await user({});
    const jwt = (appid: string) =>
      `h.${Buffer.from(JSON.stringify({ appid })).toString('base64url')}.s`;
    const call = (token: string) =>
      service.call('GET', 'WhoAmI', undefined, { Authorization: `Bearer ${token}` });
    expect((await call(jwt(who.applicationId))).json['UserId']).toBe(who.systemuserid);
    const stranger = await call(jwt(randomUUID()));
    expect([stranger.status, codeOf(stranger)]).toEqual([403, '0x80072560']);
  });

  test('a disabled user is 403 0x80040225, also when impersonated', async () => {
    const off = await user({ isDisabled: true, administrator: true });
    const answer = await as(off, 'GET', 'contacts');
    expect([answer.status, codeOf(answer)]).toEqual([403, '0x80040225']);
    const headers = { CallerObjectId: off.objectId };
    expect((await service.call('GET', 'contacts', undefined, headers)).status).toBe(403);
  });

  test('rows carry who made, changed and owns them', async () => {
    const who = await user({ privileges: { contact: 'Global' } });
    const id = idOf(await as(who, 'POST', 'contacts', { lastname: 'mine' }));
    await service.call('PATCH', `contacts(${id})`, { firstname: 'x' });
    const select =
      '_createdby_value,_modifiedby_value,_ownerid_value,_createdonbehalfby_value,_owningbusinessunit_value';
    const { json } = await service.call('GET', `contacts(${id})?$select=${select}`);
    expect(json).toMatchObject({
      _createdby_value: who.systemuserid,
      _ownerid_value: who.systemuserid,
      _modifiedby_value: 'aaaaaaaa-0000-4000-8000-000000000001',
      _createdonbehalfby_value: null,
      _owningbusinessunit_value: 'aaaaaaaa-0000-4000-8000-000000000002',
    });
  });
});

describe('A7: impersonation', () => {
  test.each([
    ['CallerObjectId', (who: User) => who.objectId],
    ['MSCRMCallerID', (who: User) => who.systemuserid],
  ])('%s makes the row the other user’s and keeps the real caller', async (header, idOfUser) => {
    const actor = await user({ actOnBehalf: true, privileges: { contact: 'Global' } });
    const other = await user({ privileges: { contact: 'Global' } });
    const headers = { [header]: idOfUser(other) };
    const id = idOf(await as(actor, 'POST', 'contacts', { lastname: 'i' }, headers));
    const { json } = await service.call('GET', `contacts(${id})`);
    expect(json).toMatchObject({
      _createdby_value: other.systemuserid,
      _modifiedby_value: other.systemuserid,
      _ownerid_value: other.systemuserid,
      _createdonbehalfby_value: actor.systemuserid,
      _modifiedonbehalfby_value: actor.systemuserid,
    });
    const { json: me } = await as(actor, 'GET', 'WhoAmI', undefined, headers);
    expect(me['UserId']).toBe(other.systemuserid);
  });

  test('it needs prvActOnBehalfOfAnotherUser', async () => {
    const actor = await user({ privileges: { contact: 'Global' } });
    const other = await user({ privileges: { contact: 'Global' } });
    const headers = { CallerObjectId: other.objectId };
    const answer = await as(actor, 'GET', 'contacts', undefined, headers);
    expect([answer.status, codeOf(answer)]).toEqual([403, '0x80040220']);
    expect(answer.text).toContain('prvActOnBehalfOfAnotherUser');
  });

  test('only what both users may do is allowed', async () => {
    const actor = await user({ actOnBehalf: true, privileges: { contact: { Read: 'Global' } } });
    const other = await user({ privileges: { account: { Read: 'Global' } } });
    const headers = { CallerObjectId: other.objectId };
    const status = async (path: string) =>
      (await as(actor, 'GET', path, undefined, headers)).status;
    expect([await status('contacts'), await status('accounts')]).toEqual([403, 403]);
  });

  test('a user who is not there is refused', async () => {
    const call = (headers: Record<string, string>) =>
      service.call('GET', 'contacts', undefined, headers);
    expect((await call({ CallerObjectId: randomUUID() })).status).toBe(403);
    expect((await call({ MSCRMCallerID: randomUUID() })).status).toBe(404);
  });

  test('a part of a batch impersonates for itself', async () => {
    const actor = await user({ actOnBehalf: true, privileges: { contact: 'Global' } });
    const other = await user({ privileges: { contact: 'Global' } });
    const part = (headers: string) =>
      `--b\r\nContent-Type: application/http\r\n\r\nGET /api/data/v9.2/WhoAmI HTTP/1.1\r\n${headers}\r\n\r\n`;
    const body = `${part(`CallerObjectId: ${other.objectId}\r\n`)}${part('')}--b--\r\n`;
    const { text } = await as(actor, 'POST', '$batch', body, {
      'Content-Type': 'multipart/mixed; boundary=b',
    });
    const ids = [...text.matchAll(/"UserId":"([^"]+)"/g)].map((match) => match[1]);
    expect(ids).toEqual([other.systemuserid, actor.systemuserid]);
  });
});

test('an application id is given once', async () => {
  const { applicationId } = await user({});
  const again = await service.control('POST', 'users', { applicationId });
  expect(again.text).toContain('0x8004F511');
  const unknown = await service.control('POST', 'users', { privileges: { nosuch: 'Global' } });
  expect([unknown.status, unknown.text]).toEqual([400, expect.stringContaining('nosuch')]);
});
