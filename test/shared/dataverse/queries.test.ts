import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type {
  DataverseClient,
  DataverseOperation,
  DataverseRow,
  Filter,
} from '../../../shared/dataverse/index.ts';
import { createDataverseClient } from '../../../shared/dataverse/index.ts';
import { cannedOrganisation, jsonPart, multipart, root } from './canned-organisation.ts';
import { type StandIn, startStandIn } from './stand-in-client.ts';

let standIn: StandIn;
let client: DataverseClient;
beforeAll(async () => {
  standIn = await startStandIn();
  client = standIn.client;
});
afterAll(() => standIn.close());

async function find(table: string, select: readonly string[], filter: Filter) {
  const [result] = await client.execute([{ kind: 'query', table, select, filter }]);
  expect(result).toMatchObject({ kind: 'rows' });
  return (result as { rows: readonly DataverseRow[] }).rows;
}

describe('text in filters', () => {
  const text = fc
    .oneof(
      fc.string({ minLength: 1, maxLength: 30, unit: 'binary' }),
      fc.stringMatching(/^['"%+&#?/\\()[\]{},=:;@$ _^a-\u00ff]{1,20}$/),
    )
    .filter((value) => !value.includes('\0'));

  test('finds the row again by equals, by list and by beginning, whatever the characters', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (name) => {
        const id = randomUUID();
        const query = (filter: Filter): DataverseOperation => ({
          kind: 'query',
          table: 'account',
          select: ['name'],
          filter,
        });
        const results = await client.execute([
          { kind: 'create', table: 'account', id, row: { name } },
          query({ column: 'name', equals: name }),
          query({ column: 'name', in: ['another', name] }),
          query({ column: 'name', startsWith: name }),
          { kind: 'delete', table: 'account', id },
        ]);
        expect(results[0]).toMatchObject({ kind: 'written' });
        for (const result of results.slice(1, 4)) {
          expect(result).toMatchObject({ kind: 'rows', rows: [{ id, values: { name } }] });
        }
      }),
      { numRuns: 200 },
    );
  });

  test('is never a wildcard at the beginning of a value', async () => {
    const names = ['a_c', 'abc', 'a%', 'a[b]', 'ab'];
    const prefix = randomUUID();
    await client.execute(
      names.map((name) => ({
        kind: 'create',
        table: 'account',
        id: randomUUID(),
        row: { name: prefix + name },
      })),
    );
    for (const [wanted, found] of [
      ['a_', ['a_c']],
      ['a%', ['a%']],
      ['a[b]', ['a[b]']],
      ['ab', ['ab', 'abc']],
    ] as const) {
      const rows = await find('account', ['name'], {
        column: 'name',
        startsWith: prefix + wanted,
      });
      expect(rows.map((row) => String(row.values['name']).slice(prefix.length)).sort()).toEqual(
        found,
      );
    }
  });
});

describe('filters', () => {
  const names = ['ann', 'bob', 'cy', 'dee'];
  const parents = [randomUUID(), randomUUID()];
  const people = names.map((lastname, index) => ({
    id: randomUUID(),
    lastname,
    gendercode: index === 0 ? null : 1 + (index % 2),
    msemr_animal: index > 1,
    parentcustomerid: parents[index] ?? null,
  }));
  type Person = (typeof people)[number];

  beforeAll(async () => {
    await client.execute([
      ...parents.map(
        (id): DataverseOperation => ({ kind: 'create', table: 'account', id, row: { name: 'p' } }),
      ),
      ...people.map(({ id, parentcustomerid, ...row }): DataverseOperation => {
        const lookup = parentcustomerid && { lookup: { table: 'account', id: parentcustomerid } };
        return { kind: 'create', table: 'contact', id, row: { ...row, parentcustomerid: lookup } };
      }),
    ]);
  });

  const leaf: fc.Arbitrary<Filter> = fc.oneof(
    fc.record({ column: fc.constant('lastname'), equals: fc.constantFrom(...names, 'x', null) }),
    fc.record({ column: fc.constant('gendercode'), equals: fc.constantFrom(1, 2, null) }),
    fc.record({ column: fc.constant('msemr_animal'), equals: fc.boolean() }),
    fc.record({
      column: fc.constant('parentcustomerid'),
      equals: fc.constantFrom(...parents, null),
    }),
    fc.record({
      column: fc.constant('parentcustomerid'),
      in: fc.subarray([...parents, randomUUID()]),
    }),
    fc.record({ column: fc.constant('lastname'), in: fc.subarray([...names, 'x']) }),
    fc.record({ column: fc.constant('gendercode'), in: fc.subarray([1, 2]) }),
    fc.record({
      column: fc.constant('contactid'),
      in: fc.subarray(people.map((person) => person.id)),
    }),
    fc.record({ column: fc.constant('lastname'), startsWith: fc.constantFrom('a', 'b', 'zz') }),
  );
  const tree = fc.letrec<{ filter: Filter }>((tie) => ({
    filter: fc.oneof(
      { maxDepth: 3 },
      leaf,
      fc.record({ all: fc.array(tie('filter'), { maxLength: 3 }) }),
      fc.record({ any: fc.array(tie('filter'), { maxLength: 3 }) }),
    ),
  })).filter;

  function holds(filter: Filter, person: Person): boolean {
    if ('all' in filter) {
      return filter.all.every((item) => holds(item, person));
    }
    if ('any' in filter) {
      return filter.any.some((item) => holds(item, person));
    }
    const value = filter.column === 'contactid' ? person.id : person[filter.column as 'lastname'];
    if ('equals' in filter) {
      return value === filter.equals;
    }
    return 'in' in filter ? filter.in.includes(value) : value.startsWith(filter.startsWith);
  }

  test('of any shape select the rows that they describe', async () => {
    const ours = { column: 'contactid', in: people.map((person) => person.id) };
    await fc.assert(
      fc.asyncProperty(tree, async (filter) => {
        const rows = await find('contact', ['lastname'], { all: [ours, filter] });
        const expected = people.filter((person) => holds(filter, person));
        expect(rows.map((row) => row.values['lastname']).sort()).toEqual(
          expected.map((person) => person.lastname).sort(),
        );
      }),
      { numRuns: 200 },
    );
  });

  test('that are too long for one query are split, and give each row once', async () => {
    const strangers = Array.from({ length: 700 }, () => randomUUID());
    const byParent = { column: 'parentcustomerid', in: [...strangers, ...parents] };
    expect(await find('contact', [], byParent)).toHaveLength(2);
    const byName = { column: 'lastname', in: [...strangers, ...names] };
    const both = { any: [byName, byParent] };
    const ours = { column: 'contactid', in: people.map((person) => person.id) };
    const rows = await find('contact', ['parentcustomerid'], { all: [both, ours] });
    expect(new Set(rows.map((row) => row.id))).toEqual(new Set(people.map((person) => person.id)));
    expect(rows).toHaveLength(people.length);
    const bob = rows.find((row) => row.id === people[1]!.id)!;
    expect(bob.values).toEqual({ parentcustomerid: parents[1] });
  });

  test('of more conditions than Dataverse takes are split too', async () => {
    const any = Array.from({ length: 600 }, (_, index) => ({
      column: 'lastname',
      equals: names[index] ?? `${index}`,
    }));
    const ours = { column: 'contactid', in: people.map((person) => person.id) };
    expect(await find('contact', [], { all: [ours, { any }] })).toHaveLength(people.length);
  });

  test('on GUIDs take either case and give lower case', async () => {
    const rows = await find('contact', ['parentcustomerid', 'contactid'], {
      all: [
        { column: 'contactid', equals: people[0]!.id.toUpperCase() },
        { column: 'parentcustomerid', in: [parents[0]!.toUpperCase()] },
      ],
    });
    expect(rows.map((row) => row.values)).toEqual([
      { parentcustomerid: parents[0], contactid: people[0]!.id },
    ]);
  });
});

describe('pages', () => {
  const pageOf = (names: readonly string[], next?: string) =>
    jsonPart(200, {
      value: names.map((lastname, index) => ({
        contactid: `${lastname}-${index}`,
        '@odata.etag': 'W/"1"',
        lastname,
      })),
      ...(next === undefined ? {} : { '@odata.nextLink': next }),
    });
  const query = (equals: string): DataverseOperation => ({
    kind: 'query',
    table: 'contact',
    select: ['lastname'],
    filter: { column: 'lastname', equals },
  });
  const link = (token: string) => `${root}/contacts?$skiptoken=${token}`;

  test('of several queries are all followed, and put with their query', async () => {
    const organisation = cannedOrganisation((_request, call) => {
      if (call === 1) {
        return multipart([pageOf(['a1'], link('a')), pageOf(['b1']), pageOf(['c1'], link('c'))]);
      }
      return multipart(
        call === 2 ? [pageOf(['a2'], link('a2')), pageOf(['c2'])] : [pageOf(['a3'])],
      );
    });
    const canned = createDataverseClient({ url: root, send: organisation.send });
    const results = await canned.execute([query('a'), query('b'), query('c')]);
    const names = results.map((result) =>
      result.kind === 'rows' ? result.rows.map((row) => row.values['lastname']) : result,
    );
    expect(names).toEqual([['a1', 'a2', 'a3'], ['b1'], ['c1', 'c2']]);
    expect(organisation.sent[1]!.body).toContain('GET /api/data/v9.2/contacts?$skiptoken=c HTTP');
  });

  test('of which one fails make the whole query fail, not half of it', async () => {
    const organisation = cannedOrganisation((_request, call) =>
      multipart(
        call === 1
          ? [pageOf(['a1'], link('a')), pageOf(['b1'])]
          : [jsonPart(503, {}, 'Retry-After: 4\r\n')],
      ),
    );
    const canned = createDataverseClient({ url: root, send: organisation.send });
    expect(await canned.execute([query('a'), query('b')])).toMatchObject([
      { kind: 'failed', status: 503, retryAfterSeconds: 4 },
      { kind: 'rows' },
    ]);
  });

  test.each(['https://evil.example/contacts', '/elsewhere', 'http://[', 7])(
    'with the next link %s are refused',
    async (next) => {
      const organisation = cannedOrganisation(() => multipart([pageOf(['a'], next as string)]));
      const canned = createDataverseClient({ url: root, send: organisation.send });
      await expect(canned.execute([query('a')])).rejects.toMatchObject({
        code: 'RESPONSE_UNREADABLE',
      });
    },
  );

  test('that go in a circle end', async () => {
    const organisation = cannedOrganisation(() => multipart([pageOf(['a'], link('same'))]));
    const canned = createDataverseClient({ url: root, send: organisation.send });
    await expect(canned.execute([query('a')])).rejects.toMatchObject({
      code: 'RESPONSE_UNREADABLE',
    });
    expect(organisation.sent).toHaveLength(2);
  });

  test('over the 5000 rows of one page all come', async () => {
    const ids = Array.from({ length: 5100 }, () => randomUUID());
    const city = randomUUID();
    await client.execute(
      ids.map((id) => ({
        kind: 'create',
        table: 'account',
        id,
        row: { name: 'x', description: city },
      })),
    );
    const rows = await find('account', [], { column: 'description', equals: city });
    expect(new Set(rows.map((row) => row.id))).toEqual(new Set(ids));
  });
});
