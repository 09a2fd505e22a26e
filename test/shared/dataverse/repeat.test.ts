import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DataverseOperation, DataverseResult } from '../../../shared/dataverse/index.ts';
import { isRetryable } from '../../../shared/errors.ts';
import { createHttp } from '../../../shared/http/index.ts';
import { type StandIn, startStandIn } from './stand-in-client.ts';

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn.close());

/** Every fault that can hit a whole request or one part of it. */
const fault = fc.record({
  scope: fc.constantFrom('request', 'part'),
  path: fc.constantFrom('batch', 'accounts'),
  skip: fc.nat(4),
  times: fc.integer({ min: 1, max: 3 }),
  strike: fc.constantFrom(
    { torn: 'before' },
    { torn: 'after' },
    { status: 503 },
    { status: 503, committed: true },
    { status: 502, body: '<html>' },
    { status: 500, committed: true },
    { status: 429, headers: { 'Retry-After': '60' } },
    { status: 401 },
  ),
});

test('a call repeated until it answers leaves the rows of one undisturbed call, whatever fails', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.boolean(), { minLength: 1, maxLength: 6 }),
      fc.array(fault, { maxLength: 4 }),
      fc.integer({ min: 1, max: 4 }),
      async (removals, faults, maxOperationsPerBatch) => {
        const send = createHttp({
          allowedOrigins: [standIn.url],
          userAgent: 'unit-test/1',
          retry: { attempts: 1, maxWaitSeconds: 0 },
        });
        const client = standIn.clientWith({ send, maxOperationsPerBatch });
        await client.table('account');
        const rows = removals.map((removed) => ({ id: randomUUID(), removed }));
        const creates = rows.map(create);
        const deletes = rows.filter((row) => row.removed).map(remove);
        await standIn.fault(...faults.map(({ strike, ...place }) => ({ ...place, ...strike })));
        await untilDone((operations) => client.execute(operations), creates);
        await untilDone((operations) => client.execute(operations), deletes);
        await standIn.clearFaults();
        const [result] = await client.execute([
          {
            kind: 'query',
            table: 'account',
            select: ['name'],
            filter: { column: 'accountid', in: rows.map((row) => row.id) },
          },
        ]);
        const expected = rows.filter((row) => !row.removed).map(({ id }) => ({ id, name: id }));
        const found =
          result?.kind === 'rows'
            ? result.rows.map((row) => ({ id: row.id, name: row.values['name'] }))
            : [];
        expect(new Set(found.map((row) => JSON.stringify(row)))).toEqual(
          new Set(expected.map((row) => JSON.stringify(row))),
        );
      },
    ),
    { numRuns: 100 },
  );
});

function create({ id }: { readonly id: string }): DataverseOperation {
  return { kind: 'create', table: 'account', id, row: { name: id } };
}

function remove({ id }: { readonly id: string }): DataverseOperation {
  return { kind: 'delete', table: 'account', id };
}

/** What an orchestration does: repeats what was thrown as retryable, and the operations that failed. */
async function untilDone(
  execute: (operations: readonly DataverseOperation[]) => Promise<readonly DataverseResult[]>,
  operations: readonly DataverseOperation[],
): Promise<void> {
  let left = operations;
  for (let round = 0; left.length > 0; round += 1) {
    expect(round).toBeLessThan(40);
    try {
      const results = await execute(left);
      expect(results).toHaveLength(left.length);
      for (const result of results) {
        expect(['written', 'deleted', 'conflict', 'failed']).toContain(result.kind);
      }
      left = left.filter((_, index) => results[index]?.kind === 'failed');
    } catch (error) {
      if (!isRetryable(error)) {
        throw error;
      }
    }
  }
}
