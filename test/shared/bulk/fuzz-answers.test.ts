import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createBulkExport,
  createBulkImport,
  createBundleImport,
  createSearchExport,
} from '../../../shared/bulk/index.ts';
import { answers, base, canary, endsWell, runs, sender } from './arbitrary-answers.ts';

describe('whatever a server answers', () => {
  test('a bulk export ends in a state or a located error', async () => {
    await fc.assert(
      fc.asyncProperty(
        answers,
        fc.constantFrom('ahds' as const, 'ig' as const),
        async (given, dialect) => {
          const client = createBulkExport({ url: base, send: sender(given), dialect });
          await endsWell(() => client.kickOff({ history: false, deleted: false }));
          await endsWell(async () => {
            const status = await client.status(`${base}/_operations/export/1`);
            const { kind } = status;
            expect(['running', 'done', 'gone', 'failed']).toContain(kind);
            if (kind !== 'done') {
              const { progress: _, ...rest } = { progress: '', ...status };
              expect(JSON.stringify(rest)).not.toContain(canary);
            }
          });
          await endsWell(() => client.cancel(`${base}/_operations/export/1`));
        },
      ),
      runs,
    );
  });

  test('a bulk import ends in a state or a located error', async () => {
    await fc.assert(
      fc.asyncProperty(answers, async (given) => {
        const client = createBulkImport({ url: base, send: sender(given) });
        await endsWell(() => client.kickOff({ files: [{ url: `${base}/f` }] }));
        await endsWell(() => client.status(`${base}/_operations/import/1`));
        await endsWell(() => client.cancel(`${base}/_operations/import/1`));
      }),
      runs,
    );
  });

  test('a search export never ends early in silence', async () => {
    await fc.assert(
      fc.asyncProperty(answers, fc.boolean(), async (given, history) => {
        const client = createSearchExport({ url: base, send: sender(given) });
        await endsWell(async () => {
          const page = await client.page({ types: ['Patient'], history });
          expect(given[0]?.status).toBe(200);
          const lines = page.ndjson.toString().split('\n').slice(0, -1);
          expect(lines).toHaveLength(page.count);
          for (const line of lines) expect(JSON.parse(line)).toHaveProperty('resourceType');
        });
      }),
      runs,
    );
  });

  test('bundles give one ending for each write', async () => {
    const writes = ['a', 'b'].map((id) => ({
      kind: 'put' as const,
      resourceType: 'Patient',
      id,
      json: '{}',
    }));
    await fc.assert(
      fc.asyncProperty(answers, async (given) => {
        const client = createBundleImport({ url: base, send: sender(given) });
        await endsWell(async () => expect(await client.load(writes)).toHaveLength(2));
      }),
      { numRuns: 200 },
    );
  });

  test('a long pause that a server asks for is not waited for in a call: the rest is left to a later one', async () => {
    const answers = [
      { status: 400, body: '', headers: {} },
      { status: 429, body: '', headers: { 'retry-after': '120' } },
    ];
    const send = sender(answers);
    let calls = 0;
    const counted: typeof send = (request) => {
      calls += 1;
      return send(request);
    };
    const client = createBundleImport({ url: base, send: counted });
    const put = { kind: 'put' as const, resourceType: 'Patient', json: '{}' };
    expect(await client.load(['a', 'b', 'c', 'd'].map((id) => ({ ...put, id })))).toEqual(
      Array.from({ length: 4 }, () => ({ kind: 'later', status: 429 })),
    );
    expect(calls).toBe(2);
  });
});
