import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createDataverseClient,
  type DataverseOperation,
  rowIdFor,
} from '../../../shared/dataverse/index.ts';
import { AppError } from '../../../shared/errors.ts';
import type { HttpResponse } from '../../../shared/http/index.ts';
import { cannedOrganisation, jsonPart, multipart, root } from './canned-organisation.ts';
import { four, fourAnswers, id } from './sample-batch.ts';

describe('an id, etag or value that cannot be sent', () => {
  test.each<[string, DataverseOperation]>([
    ['id', { kind: 'delete', table: 'contact', id: `${id})/x` }],
    ['etag', { kind: 'delete', table: 'contact', id, etag: 'W/"1"\r\nX: y' }],
    [
      'lookup id',
      {
        kind: 'create',
        table: 'contact',
        id,
        row: { x_clinic: { lookup: { table: 'account', id: 'x' } } },
      },
    ],
    ['scalar for a lookup', { kind: 'create', table: 'contact', id, row: { x_clinic: id } }],
    [
      'text for a number',
      {
        kind: 'query',
        table: 'contact',
        select: [],
        filter: { column: 'gendercode', equals: 'x' },
      },
    ],
    [
      'text for a date',
      {
        kind: 'query',
        table: 'contact',
        select: [],
        filter: { column: 'birthdate', equals: "1' or 1 eq 1" },
      },
    ],
  ])('is refused before anything is sent: %s', async (_name, operation) => {
    const organisation = cannedOrganisation(() => multipart([]));
    const client = createDataverseClient({ url: root, send: organisation.send });
    await expect(client.execute([operation])).rejects.toMatchObject({ code: 'INPUT_INVALID' });
    expect(organisation.sent).toHaveLength(0);
  });
});

describe('metadata', () => {
  test('of a table is asked for once, in one request, by any number of callers', async () => {
    const organisation = cannedOrganisation(() => multipart([]));
    const client = createDataverseClient({ url: root, send: organisation.send });
    const [first] = await Promise.all(Array.from({ length: 20 }, () => client.table('contact')));
    expect(organisation.metadataRequests()).toBe(1);
    expect(first).toMatchObject({ entitySet: 'contacts', primaryId: 'contactid' });
    expect(first!.columns.get('lastname')).toMatchObject({ type: 'String', maxLength: 50 });
    expect(first!.columns.get('gendercode')?.options).toEqual([1, 2]);
    expect(first!.keys).toEqual([{ name: 'k', columns: ['x_fhirid'], active: true }]);
  });

  test.each<[object, DataverseOperation]>([
    [{ table: 'nothing' }, { kind: 'delete', table: 'nothing', id }],
    [{ table: "x')" }, { kind: 'delete', table: "x')", id }],
    [
      { table: 'contact', column: 'wrong' },
      { kind: 'create', table: 'contact', id, row: { wrong: 1 } },
    ],
    [
      { table: 'contact', column: 'wrong' },
      { kind: 'query', table: 'contact', select: ['wrong'], filter: { all: [] } },
    ],
    [
      { table: 'contact', column: 'x_clinic' },
      {
        kind: 'create',
        table: 'contact',
        id,
        row: { x_clinic: { lookup: { table: 'contact', id } } },
      },
    ],
  ])('that is missing is named: %j', async (details, operation) => {
    const organisation = cannedOrganisation(() => multipart([]));
    const client = createDataverseClient({ url: root, send: organisation.send });
    await expect(client.execute([operation])).rejects.toMatchObject({
      code: 'DATAVERSE_METADATA_MISSING',
      details,
    });
  });
});

describe('an answer', () => {
  const kinds = ['rows', 'written', 'deleted', 'conflict', 'missing', 'refused', 'failed'];

  async function endingOf(answer: HttpResponse): Promise<void> {
    const client = createDataverseClient({
      url: root,
      send: cannedOrganisation(() => answer).send,
    });
    try {
      const results = await client.execute(four);
      expect(results.map((result) => kinds.includes(result.kind))).toEqual(four.map(() => true));
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
    }
  }

  const whole = multipart(fourAnswers);

  test('cut anywhere is thrown as retryable, never taken for a result', async () => {
    const end = whole.text.lastIndexOf('--batchresponse_1--') + '--batchresponse_1--'.length;
    for (let length = 0; length < end; length += 7) {
      const answer = { ...whole, text: whole.text.slice(0, length) };
      const client = createDataverseClient({
        url: root,
        send: cannedOrganisation(() => answer).send,
      });
      await expect(client.execute(four)).rejects.toMatchObject({
        code: 'RESPONSE_UNREADABLE',
        retryable: true,
      });
    }
  });

  test('with line feeds only, or with a quoted boundary, is read alike', async () => {
    const organisation = cannedOrganisation(() => ({
      status: 200,
      headers: new Headers({ 'content-type': 'multipart/mixed; boundary="batchresponse_1"' }),
      text: whole.text.replaceAll('\r\n', '\n'),
    }));
    const client = createDataverseClient({ url: root, send: organisation.send });
    expect((await client.execute(four)).map((result) => result.kind)).toEqual([
      'rows',
      'written',
      'written',
      'deleted',
    ]);
  });

  test('of any text ends in results or in an AppError', async () => {
    const anyPart = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.integer({ min: 0, max: 999 }), fc.json())
        .map(([status, body]) => `HTTP/1.1 ${status} X\r\nRetry-After: x\r\nè: y\r\n\r\n${body}`),
      fc.constantFrom(...fourAnswers),
      fc.record({ value: fc.array(fc.anything()) }).map((value) => jsonPart(200, value)),
    );
    const anyText = fc.oneof(
      fc.array(anyPart, { minLength: 4, maxLength: 4 }).map((parts) => multipart(parts).text),
      fc.array(anyPart).map((parts) => multipart(parts).text),
      fc.string(),
      fc
        .tuple(fc.nat(whole.text.length), fc.string(), fc.nat(20))
        .map(([at, noise, gone]) => whole.text.slice(0, at) + noise + whole.text.slice(at + gone)),
    );
    await fc.assert(
      fc.asyncProperty(anyText, async (text) => endingOf({ ...whole, text })),
      { numRuns: 300 },
    );
  });

  test('of any status ends in results or in an AppError', async () => {
    for (let status = 200; status < 600; status += 1) {
      await endingOf({ status, headers: new Headers(), text: '<html>' });
    }
  });
});

describe('rowIdFor', () => {
  test('gives the same UUID version 5 for the same parts, in this and every release', () => {
    expect(rowIdFor('Patient', 'abc')).toBe(rowIdFor('Patient', 'abc'));
    expect(rowIdFor('Patient', 'abc')).toBe('b1725998-3914-5308-8445-5570bc6af049');
    expect(rowIdFor('Patient', 'abc')).toMatch(
      /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
  });

  test('tells parts apart wherever the cut is', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (left, right) => {
        const same = JSON.stringify(left) === JSON.stringify(right);
        expect(rowIdFor(...left) === rowIdFor(...right)).toBe(same);
      }),
    );
  });
});
