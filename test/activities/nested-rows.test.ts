import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ActivityDependencies } from '../../activities/index.ts';
import type { DataverseRow } from '../../shared/dataverse/index.ts';
import { compilePack, loadMapFiles, type MapPack } from '../../shared/mapping/index.ts';
import { rowsOf } from '../../shared/rows/index.ts';
import { type RunningSystem, startSystem } from '../support/running-system.ts';
import { childRows, freshId, rowsFor, syncPass } from '../support/sync-pass.ts';

let system: RunningSystem;
let pack: MapPack;
beforeAll(async () => {
  system = await startSystem();
  const files = await loadMapFiles(fileURLToPath(new URL('../../maps', import.meta.url)));
  pack = compilePack(files, { enabled: ['CareTeam'], fhirBaseUrl: system.fhirUrl });
});
afterAll(() => system.close());
afterEach(() => system.clearFaults());

const worker = (): ActivityDependencies => system.worker({ pack });
const role = (code: string) => ({
  coding: [{ system: 'urn:test', code, display: `role ${code}` }],
});
const member = (name: string, ...codes: readonly string[]) => ({
  member: { display: name },
  role: [{ text: name }, ...codes.map(role)],
});
const team = (id: string, ...participant: readonly object[]) => ({
  ...{ resourceType: 'CareTeam', id, status: 'active', name: 'Team' },
  ...(participant.length === 0 ? {} : { participant }),
});

const table = 'msemr_careteamparticipantrole';

async function rolesBelow(participants: readonly DataverseRow[]): Promise<readonly DataverseRow[]> {
  const link = 'fds_careteamparticipant';
  const [found] = await system.deps.dataverse.execute([
    {
      ...{ kind: 'query', table, select: ['msemr_code', link] },
      filter: { column: link, in: participants.map(({ id }) => id) },
    },
  ]);
  return rowsOf(found);
}

/** The codes of each participant's roles; the first role is the text that names the participant. */
async function shown(id: string): Promise<Readonly<Record<string, readonly unknown[]>>> {
  const participants = await childRows(worker(), `CareTeam/${id}`, 'care-team-participant');
  const roles = await rolesBelow(participants);
  return Object.fromEntries(
    participants.map((one) => [
      one.values['msemr_description'],
      roles
        .filter(({ values }) => values['fds_careteamparticipant'] === one.id)
        .map(({ values }) => values['msemr_code'])
        .filter((code) => code !== null)
        .toSorted(),
    ]),
  );
}

async function synced(...args: Parameters<typeof team>) {
  await system.put(team(...args));
  return syncPass(worker(), [`CareTeam/${args[0]}`]);
}

describe('rows below child rows', () => {
  it('follow the arrays as items of every level come and go', async () => {
    const id = freshId('team');
    const first = await synced(id, member('Ann', 'a', 'b'), member('Bob'));
    expect(first.failed).toEqual([]);
    expect(await shown(id)).toEqual({ Ann: ['a', 'b'], Bob: [] });
    await synced(id, member('Ann', 'b', 'c'), member('Bob', 'a'));
    expect(await shown(id)).toEqual({ Ann: ['b', 'c'], Bob: ['a'] });
    const { expanded } = await synced(id, member('Ann', 'b', 'c'), member('Bob', 'a'));
    const counts = expanded.flatMap((answer) => answer.expanded.map(({ children }) => children));
    expect(counts.every(({ added, changed, removed }) => added + changed + removed === 0)).toBe(
      true,
    );
  });

  it('go with the row above them, before it', async () => {
    const id = freshId('leaving');
    await synced(id, member('Ann', 'a'), member('Bob', 'b'));
    const before = await system.lastWrite();
    await synced(id, member('Ann', 'a'));
    expect(await shown(id)).toEqual({ Ann: ['a'] });
    const gone = (await system.writesSince(before)).filter(({ kind }) => kind === 'delete');
    expect(gone.map((write) => write.table)).toEqual([table, table, 'msemr_careteamparticipant']);
  });

  it('that cannot be removed keep the row above them, and the next attempt removes both', async () => {
    const id = freshId('resisting');
    await synced(id, member('Ann', 'a'), member('Bob', 'b'));
    const participants = await childRows(worker(), `CareTeam/${id}`, 'care-team-participant');
    const bob = participants.filter(({ values }) => values['msemr_description'] === 'Bob');
    const [resisting] = await rolesBelow(bob);
    await system.dataverseFault({
      ...{ scope: 'part', method: 'DELETE', path: resisting!.id, status: 403 },
      body: { error: { code: '0x80040220', message: 'no' } },
    });
    const { ended } = await synced(id, member('Ann', 'a'));
    expect(ended).toMatchObject([
      { kind: 'rejected', problem: { map: 'care-team-participant-role' } },
    ]);
    expect(Object.keys(await shown(id))).toEqual(['Ann', 'Bob']);
    await syncPass(worker(), [`CareTeam/${id}`]);
    expect(await shown(id)).toEqual({ Ann: ['a'] });
  });

  it('are removed with the resource, the lowest first', async () => {
    const id = freshId('gone');
    await synced(id, member('Ann', 'a', 'b'), member('Bob'));
    const participants = await childRows(worker(), `CareTeam/${id}`, 'care-team-participant');
    expect(await rolesBelow(participants)).toHaveLength(4);
    await system.remove(`CareTeam/${id}`);
    const before = await system.lastWrite();
    const { ended } = await syncPass(worker(), [`CareTeam/${id}`]);
    expect(ended).toMatchObject([{ kind: 'removed' }]);
    expect(await rowsFor(worker(), `CareTeam/${id}`)).toEqual([]);
    expect(await rolesBelow(participants)).toEqual([]);
    const gone = (await system.writesSince(before)).filter(({ kind }) => kind === 'delete');
    const lastRole = gone.map((write) => write.table).lastIndexOf(table);
    expect(gone.at(-1)?.table).toBe('msemr_careteam');
    expect(gone.slice(0, lastRole).map((write) => write.table)).not.toContain(
      'msemr_careteamparticipant',
    );
  });
});
