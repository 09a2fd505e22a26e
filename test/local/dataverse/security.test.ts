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

describe('A1: privileges', () => {
  test('a missing privilege is 403 0x80040220 and names the privilege and the user', async () => {
    const reader = await user({ privileges: { contact: { Read: 'Global' } } });
    const answer = await as(reader, 'POST', 'contacts', { lastname: 'A' });
    expect([answer.status, codeOf(answer)]).toEqual([403, '0x80040220']);
    const { message } = answer.json['error'] as { message: string };
    expect(message).toContain(`Principal user (Id=${reader.systemuserid}, type=8`);
    expect(message).toContain('is missing prvCreatecontact privilege (Id=');
    expect(message).toContain("for entity 'contact'");
    expect((await as(reader, 'GET', 'contacts?$top=1')).status).toBe(200);
    expect((await as(reader, 'GET', 'accounts?$top=1')).status).toBe(403);
    expect((await as(reader, 'GET', 'accounts/$count')).status).toBe(403);
  });

  test.each([
    ['Write', 'PATCH', { firstname: 'B' }],
    ['Delete', 'DELETE', undefined],
  ])('%s is needed for %s, and nothing is written without it', async (right, method, body) => {
    const id = await service.create('contacts', { lastname: 'Kept' });
    const lacking = await user({ privileges: { contact: { Read: 'Global' } } });
    const refused = await as(lacking, method, `contacts(${id})`, body);
    expect([refused.status, codeOf(refused)]).toEqual([403, '0x80040220']);
    const allowed = await user({ privileges: { contact: { Read: 'Global', [right]: 'Global' } } });
    expect((await as(allowed, method, `contacts(${id})`, body)).status).toBe(204);
  });

  test('own rows only (Basic): foreign ones are 403 0x80048306 alone and left out of lists', async () => {
    const basic = await user({ privileges: { new_thing: 'Basic' } });
    const other = await service.create('new_things', { new_count: 700 });
    const own = idOf(await as(basic, 'POST', 'new_things', { new_count: 700 }));
    const foreign = await as(basic, 'GET', `new_things(${other})`);
    expect([foreign.status, codeOf(foreign)]).toEqual([403, '0x80048306']);
    expect((await as(basic, 'PATCH', `new_things(${other})`, { new_count: 1 })).status).toBe(403);
    expect((await as(basic, 'PATCH', `new_things(${own})`, { new_note: 'n' })).status).toBe(204);
    const { json } = await as(basic, 'GET', 'new_things?$filter=new_count eq 700&$count=true');
    expect(json).toMatchObject({ '@odata.count': 1, value: [{ new_thingid: own }] });
    expect((await as(basic, 'GET', 'new_things/$count')).text).toContain('1');
  });

  test('the business unit (Local) and the units below it (Deep)', async () => {
    const parent = await service.create('businessunits', { name: 'parent' });
    const child = await service.create('businessunits', {
      name: 'child',
      'parentbusinessunitid@odata.bind': `businessunits(${parent})`,
    });
    const author = await user({ businessUnitId: child, privileges: { new_thing: 'Basic' } });
    const row = idOf(await as(author, 'POST', 'new_things', { new_count: 701 }));
    const sees = async (businessUnitId: string, depth: string) => {
      const who = await user({ businessUnitId, privileges: { new_thing: { Read: depth } } });
      const list = await as(who, 'GET', 'new_things?$filter=new_count eq 701');
      const { status } = await as(who, 'GET', `new_things(${row})`);
      return [(list.json['value'] as unknown[]).length, status];
    };
    expect(await sees(child, 'Local')).toEqual([1, 200]);
    expect(await sees(parent, 'Local')).toEqual([0, 403]);
    expect(await sees(parent, 'Deep')).toEqual([1, 200]);
    expect(await sees(child, 'Basic')).toEqual([0, 403]);
  });

  test('setting a lookup needs Append here and AppendTo there', async () => {
    const contact = await service.create('contacts', { lastname: 'P' });
    const body = { 'new_Parent@odata.bind': `contacts(${contact})` };
    const create = { Create: 'Global' };
    const tries = [
      { new_thing: create, contact: { AppendTo: 'Global' } },
      { new_thing: { ...create, Append: 'Global' } },
      { new_thing: { ...create, Append: 'Global' }, contact: { AppendTo: 'Global' } },
    ];
    const statuses = [];
    for (const privileges of tries) {
      statuses.push((await as(await user({ privileges }), 'POST', 'new_things', body)).status);
    }
    expect(statuses).toEqual([403, 403, 204]);
  });

  test('an expanded row that may not be read is null, a collection without privilege is 403', async () => {
    const contact = await service.create('contacts', { lastname: 'Hidden' });
    const thing = await service.create('new_things', {
      'new_Parent@odata.bind': `contacts(${contact})`,
    });
    const who = await user({ privileges: { new_thing: { Read: 'Global' } } });
    const { json } = await as(who, 'GET', `new_things(${thing})?$expand=new_Parent`);
    expect(json['new_Parent']).toBeNull();
    const reader = await user({ privileges: { contact: { Read: 'Global' } } });
    const path = `contacts(${contact})?$expand=new_thing_new_parent_contact`;
    expect((await as(reader, 'GET', path)).status).toBe(403);
  });

  test('in a batch only the part that is not allowed fails', async () => {
    const who = await user({ privileges: { contact: 'Basic' } });
    const part = (set: string) =>
      `--b\r\nContent-Type: application/http\r\n\r\nPOST /api/data/v9.2/${set} HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{}\r\n`;
    const answer = await as(
      who,
      'POST',
      '$batch',
      `${part('accounts')}${part('contacts')}--b--\r\n`,
      {
        'Content-Type': 'multipart/mixed; boundary=b',
        Prefer: 'odata.continue-on-error',
      },
    );
    expect(answer.text.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 403', 'HTTP/1.1 204']);
  });

  test('a bulk message by a caller without the right changes nothing', async () => {
    const who = await user({ privileges: { contact: { Read: 'Global' } } });
    const Targets = [{ '@odata.type': 'Microsoft.Dynamics.CRM.contact', lastname: 'bulk-no' }];
    const path = 'contacts/Microsoft.Dynamics.CRM.CreateMultiple';
    expect((await as(who, 'POST', path, { Targets })).status).toBe(403);
  });

  test('A10: change tracking needs read privilege on the organization', async () => {
    const headers = { Prefer: 'odata.track-changes' };
    const local = await user({ privileges: { contact: { Read: 'Local' } } });
    const answer = await as(local, 'GET', 'contacts?$select=lastname', undefined, headers);
    expect([answer.status, codeOf(answer)]).toEqual([403, '0x80040220']);
    const all = await user({ privileges: { contact: { Read: 'Global' } } });
    const tracked = await as(all, 'GET', 'contacts?$select=lastname', undefined, headers);
    expect(tracked.status).toBe(200);
  });
});

describe('users and roles by Web API rows', () => {
  test('a role given through systemuserroles_association takes effect at once, and its end too', async () => {
    const who = await user({});
    expect((await as(who, 'GET', 'contacts?$top=1')).status).toBe(403);
    const role = await service.create('roles', { name: 'readers' });
    await service.create('roleprivilegescollection', {
      'roleid@odata.bind': `roles(${role})`,
      privilegename: 'prvReadContact',
      privilegedepthmask: 8,
    });
    const link = `systemusers(${who.systemuserid})/systemuserroles_association`;
    const body = { '@odata.id': `${service.root}roles(${role})` };
    expect((await service.call('POST', `${link}/$ref`, body)).status).toBe(204);
    expect((await service.call('POST', `${link}/$ref`, body)).status).toBe(204);
    expect((await as(who, 'GET', 'contacts?$top=1')).status).toBe(200);
    expect((await service.call('DELETE', `${link}(${role})/$ref`)).status).toBe(204);
    expect((await as(who, 'GET', 'contacts?$top=1')).status).toBe(403);
  });

  test('roles of a team count for its members, and rows of the team are theirs', async () => {
    const member = await user({});
    const team = await service.create('teams', { name: 'ward' });
    const role = await service.create('roles', { name: 'ward role' });
    await service.create('roleprivilegescollection', {
      'roleid@odata.bind': `roles(${role})`,
      privilegename: 'prvReadnew_thing',
      privilegedepthmask: 1,
    });
    const ref = (set: string, id: string) => ({ '@odata.id': `${set}(${id})` });
    await service.call('POST', `teams(${team})/teamroles_association/$ref`, ref('roles', role));
    const members = `teams(${team})/teammembership_association/$ref`;
    await service.call('POST', members, ref('systemusers', member.systemuserid));
    const row = await service.create('new_things', {
      new_count: 702,
      'ownerid@odata.bind': `teams(${team})`,
    });
    const { json } = await as(member, 'GET', 'new_things?$filter=new_count eq 702');
    expect(json['value']).toMatchObject([{ new_thingid: row }]);
  });

  test('system administrators by role have no limits', async () => {
    const admin = await user({ administrator: true });
    expect((await as(admin, 'POST', 'accounts', { name: 'x' })).status).toBe(204);
  });

  test('users, roles and privileges outlive a restart', async () => {
    const { mkdtempSync, rmSync } = await import('node:fs');
    const { tmpdir } = await import('node:os');
    const { join } = await import('node:path');
    const dataFolder = mkdtempSync(join(tmpdir(), 'dataverse-users-'));
    const first = await startService({ dataFolder });
    const { json } = await first.control('POST', 'users', { privileges: { contact: 'Global' } });
    await first.close();
    const second = await startService({ dataFolder });
    const headers = { Authorization: `Bearer ${json['applicationId']}` };
    expect((await second.call('GET', 'contacts', undefined, headers)).status).toBe(200);
    expect((await second.call('GET', 'accounts', undefined, headers)).status).toBe(403);
    await second.close();
    rmSync(dataFolder, { recursive: true, force: true });
  });
});
