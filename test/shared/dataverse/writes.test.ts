import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type {
  DataverseClient,
  DataverseOperation,
  DataverseResult,
  DataverseRow,
} from '../../../shared/dataverse/index.ts';
import { type StandIn, startStandIn } from './stand-in-client.ts';

let standIn: StandIn;
let client: DataverseClient;
beforeAll(async () => {
  standIn = await startStandIn();
  client = standIn.client;
});
afterEach(() => standIn.clearFaults());
afterAll(() => standIn.close());

async function one(operation: DataverseOperation): Promise<DataverseResult> {
  return (await client.execute([operation]))[0]!;
}

async function rowOf(table: string, id: string, select: string[]): Promise<DataverseRow> {
  const filter = { column: `${table}id`, equals: id };
  const result = await one({ kind: 'query', table, select, filter });
  expect(result).toMatchObject({ kind: 'rows' });
  return (result as { rows: readonly DataverseRow[] }).rows[0]!;
}

function account(name: string, id: string = randomUUID()): DataverseOperation & { id: string } {
  return { kind: 'create', table: 'account', id, row: { name } };
}

describe('create', () => {
  test('of an id that exists is a conflict and changes nothing', async () => {
    const first = account('first');
    expect(await client.execute([first, account('second', first.id)])).toMatchObject([
      { kind: 'written' },
      { kind: 'conflict' },
    ]);
    expect((await rowOf('account', first.id, ['name'])).values).toEqual({ name: 'first' });
  });

  test('may bind to a row created earlier in the same list, also across batches', async () => {
    const small = standIn.clientWith({ maxOperationsPerBatch: 1 });
    for (const sender of [client, small]) {
      const parent = account('clinic');
      const lookup = { table: 'account', id: parent.id.toUpperCase() };
      const child = (): DataverseOperation => ({
        kind: 'create',
        table: 'contact',
        id: randomUUID(),
        row: { lastname: 'x', parentcustomerid: { lookup } },
      });
      const results = await sender.execute([parent, child(), child(), child()]);
      expect(results.map((result) => result.kind)).toEqual(Array(4).fill('written'));
    }
  });

  test('that binds to a missing row is a missing reference', async () => {
    const parentcustomerid = { lookup: { table: 'account', id: randomUUID() } };
    const operation = {
      kind: 'create',
      table: 'contact',
      id: randomUUID(),
      row: { lastname: 'x', parentcustomerid },
    } as const;
    expect(await one(operation)).toEqual({ kind: 'missing', what: 'reference' });
    expect(await client.execute([operation, operation])).toEqual(
      Array(2).fill({ kind: 'missing', what: 'reference' }),
    );
  });

  test('of one id by a hundred callers at once makes exactly one row and no error', async () => {
    const id = randomUUID();
    const results = await Promise.all(
      Array.from({ length: 100 }, (_, index) => one(account(`caller ${index}`, id))),
    );
    const kinds = results.map((result) => result.kind);
    expect(kinds.filter((kind) => kind === 'written')).toHaveLength(1);
    expect(kinds.filter((kind) => kind === 'conflict')).toHaveLength(99);
    expect((await rowOf('account', id, ['name'])).id).toBe(id);
  });

  test.each([
    ['a choice that does not exist', { gendercode: 4711 }, 'gendercode', 'not-an-option'],
    ['a text that is too long', { msemr_name2: 'x'.repeat(101) }, 'msemr_name2', 'too-long'],
    ['a value of another type', { gendercode: 'x' }, 'gendercode', 'invalid'],
  ])('with %s is refused and names the column', async (_name, row, column, cause) => {
    const create = { kind: 'create', table: 'contact', id: randomUUID(), row } as const;
    const expected = { kind: 'refused', status: 400, column, cause };
    expect(await one(create)).toMatchObject(expected);
    expect(await client.execute([create, account('neighbour')])).toMatchObject([
      expected,
      { kind: 'written' },
    ]);
  });

  test('refusals carry no value of the row', async () => {
    const row = { gendercode: 4711, msemr_name2: 'CANARY'.repeat(100) };
    const result = await one({ kind: 'create', table: 'contact', id: randomUUID(), row });
    expect(JSON.stringify(result)).not.toMatch(/CANARY|4711/);
  });
});

describe('update', () => {
  test('of the version read is written, of an older one is a conflict', async () => {
    const created = account('one');
    await one(created);
    const { etag } = await rowOf('account', created.id, []);
    const update = { kind: 'update', table: 'account', id: created.id, etag } as const;
    expect(await one({ ...update, row: { name: 'two' } })).toMatchObject({ kind: 'written' });
    expect(await one({ ...update, row: { name: 'three' } })).toEqual({ kind: 'conflict' });
    const after = await rowOf('account', created.id, ['name']);
    expect(after.values).toEqual({ name: 'two' });
    expect(after.etag).not.toBe(etag);
  });

  test('of a row that is gone tells the row from a reference that is gone', async () => {
    const created = account('here');
    await one(created);
    const contact = randomUUID();
    await one({ kind: 'create', table: 'contact', id: contact, row: { lastname: 'x' } });
    const { etag } = await rowOf('contact', contact, []);
    const nobody = { lookup: { table: 'account', id: randomUUID() } };
    const somebody = { lookup: { table: 'account', id: created.id } };
    const update = { kind: 'update', table: 'contact', etag } as const;
    expect(await one({ ...update, id: contact, row: { parentcustomerid: nobody } })).toEqual({
      kind: 'missing',
      what: 'reference',
    });
    expect(await one({ ...update, id: randomUUID(), row: { parentcustomerid: somebody } })).toEqual(
      { kind: 'missing', what: 'row' },
    );
  });

  test('sets, moves and clears a lookup that has several target tables', async () => {
    const parent = account('parent');
    const friend = randomUUID();
    const contact = randomUUID();
    await client.execute([
      parent,
      { kind: 'create', table: 'contact', id: friend, row: { lastname: 'friend' } },
      { kind: 'create', table: 'contact', id: contact, row: { lastname: 'x' } },
    ]);
    const values = [
      { lookup: { table: 'account', id: parent.id } },
      { lookup: { table: 'contact', id: friend } },
      null,
    ];
    for (const parentcustomerid of values) {
      const { etag } = await rowOf('contact', contact, []);
      const row = { parentcustomerid };
      await one({ kind: 'update', table: 'contact', id: contact, etag, row });
      const after = await rowOf('contact', contact, ['parentcustomerid']);
      expect(after.values).toEqual({ parentcustomerid: parentcustomerid?.lookup.id ?? null });
    }
  });

  test('clears columns with null', async () => {
    const id = randomUUID();
    await one({
      kind: 'create',
      table: 'contact',
      id,
      row: { lastname: 'x', gendercode: 1, msemr_animal: true, birthdate: '1970-01-01' },
    });
    const { etag } = await rowOf('contact', id, []);
    const row = { gendercode: null, birthdate: null };
    await one({ kind: 'update', table: 'contact', id, etag, row });
    const after = await rowOf('contact', id, [
      'lastname',
      'gendercode',
      'msemr_animal',
      'birthdate',
    ]);
    expect(after.values).toEqual({
      lastname: 'x',
      gendercode: null,
      msemr_animal: true,
      birthdate: null,
    });
  });
});

describe('delete', () => {
  test('of a row that is not there is a success', async () => {
    const created = account('short-lived');
    const gone = { kind: 'delete', table: 'account', id: created.id } as const;
    expect((await client.execute([created, gone, gone])).map((result) => result.kind)).toEqual([
      'written',
      'deleted',
      'deleted',
    ]);
    expect(await one(gone)).toEqual({ kind: 'deleted' });
  });

  test('of another version than the one read is a conflict', async () => {
    const created = account('one');
    await one(created);
    const { etag } = await rowOf('account', created.id, []);
    const update = { kind: 'update', table: 'account', id: created.id, etag } as const;
    await one({ ...update, row: { name: 'two' } });
    const gone = { kind: 'delete', table: 'account', id: created.id } as const;
    expect(await one({ ...gone, etag })).toEqual({ kind: 'conflict' });
    const now = await rowOf('account', created.id, []);
    expect(await one({ ...gone, etag: now.etag })).toEqual({ kind: 'deleted' });
  });
});

describe('faults of the service', () => {
  test.each([
    ['a lone write', 1],
    ['a batch', 3],
  ])('a long 429 on %s ends as DATAVERSE_UNAVAILABLE with the seconds', async (_name, count) => {
    await client.table('account');
    const headers = { 'Retry-After': '17' };
    await standIn.fault({ scope: 'request', status: 429, headers, times: 1 });
    const operations = Array.from({ length: count }, () => account('x'));
    await expect(client.execute(operations)).rejects.toMatchObject({
      code: 'DATAVERSE_UNAVAILABLE',
      retryable: true,
      retryAfterSeconds: 17,
    });
  });

  test('a 429 on one part fails that part only, with its seconds', async () => {
    await standIn.fault({ scope: 'part', skip: 1, status: 429, headers: { 'Retry-After': '9' } });
    expect(await client.execute([account('a'), account('b'), account('c')])).toMatchObject([
      { kind: 'written' },
      { kind: 'failed', status: 429, retryAfterSeconds: 9 },
      { kind: 'written' },
    ]);
  });

  test.each([
    [500, undefined, { kind: 'failed' }],
    [401, undefined, { kind: 'failed' }],
    [403, '0x80040220', { kind: 'refused', cause: 'forbidden' }],
    [400, '0x80040265', { kind: 'refused', cause: 'plugin' }],
    [500, '0x80040265', { kind: 'refused', cause: 'plugin' }],
    [412, '0x80040333', { kind: 'refused', cause: 'duplicate' }],
    [412, '0x80060892', { kind: 'refused', cause: 'duplicate' }],
    [400, '0x80099999', { kind: 'refused', cause: 'unknown' }],
  ])('status %s with code %s on one part is %j', async (status, code, expected) => {
    const body = { error: { code: code ?? '', message: 'CANARY' } };
    await standIn.fault({ scope: 'part', status, body });
    const [result] = await client.execute([account('a'), account('b')]);
    expect(result).toMatchObject({ ...expected, status });
    expect(JSON.stringify(result)).not.toContain('CANARY');
  });

  test.each([
    ['before', ['written', 'written']],
    ['after', ['conflict', 'conflict']],
  ])('a connection torn %s the commit leaves each row once', async (torn, kinds) => {
    const [left, right] = [account('left'), account('right')];
    await standIn.fault({ scope: 'request', path: 'batch', torn });
    const results = await client.execute([left, right]);
    expect(results.map((result) => result.kind)).toEqual(kinds);
    expect((await rowOf('account', left.id, ['name'])).values).toEqual({ name: 'left' });
    expect((await rowOf('account', right.id, ['name'])).values).toEqual({ name: 'right' });
  });

  test('an answer torn in the middle of a batch ends in rows, not in a guess', async () => {
    const operations = [account('a'), account('b'), account('c')];
    await standIn.fault({ scope: 'part', skip: 1, torn: 'after' });
    const results = await client.execute(operations);
    expect(results.map((result) => result.kind)).toEqual(['conflict', 'conflict', 'written']);
  });

  test('a whole batch answered 403 or 400 is refused for good', async () => {
    for (const status of [400, 403, 413]) {
      await standIn.fault({ scope: 'request', path: 'batch', status });
      await expect(client.execute([account('a'), account('b')])).rejects.toMatchObject({
        code: 'DATAVERSE_REFUSED',
        retryable: false,
        details: { status },
      });
    }
  });

  test('a failed load of metadata is forgotten, so that the next call may succeed', async () => {
    const fresh = standIn.clientWith({});
    await standIn.fault({ scope: 'part', path: 'EntityDefinitions', status: 500 });
    await expect(fresh.table('contact')).rejects.toMatchObject({ code: 'DATAVERSE_UNAVAILABLE' });
    expect((await fresh.table('contact')).entitySet).toBe('contacts');
  });
});
