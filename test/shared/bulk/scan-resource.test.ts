import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ResourceScan, scanResource } from '../../../shared/bulk/index.ts';

const softDeleted = {
  url: 'http://azurehealthcareapis.com/data-extensions/deleted-state',
  valueString: 'soft-deleted',
};

/** The answer by JSON.parse, the longest decimal apart. */
function byParse(
  text: string,
): Omit<Extract<ResourceScan, { kind: 'resource' }>, 'longestDecimal'> | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'not-json';
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return 'no-object';
  const { resourceType, id, meta } = value as Record<string, unknown>;
  if (typeof resourceType !== 'string' || resourceType === '') return 'no-resource-type';
  const known = (
    typeof meta === 'object' && meta !== null && !Array.isArray(meta) ? meta : {}
  ) as Record<string, unknown>;
  const string = (element: unknown) => (typeof element === 'string' ? element : undefined);
  const extensions: unknown = known['extension'];
  return {
    kind: 'resource',
    resourceType,
    id: string(id),
    versionId: string(known['versionId']),
    lastUpdated: string(known['lastUpdated']),
    softDeleted:
      Array.isArray(extensions) &&
      extensions.some(
        (e) => e?.url === softDeleted.url && e?.valueString === softDeleted.valueString,
      ),
  };
}

function sameAsParse(text: string): void {
  const scan = scanResource(Buffer.from(text));
  const expected = byParse(text);
  if (typeof expected === 'string') {
    expect(scan).toEqual({ kind: 'unreadable', problem: expected });
  } else {
    expect(scan).toEqual({ ...expected, longestDecimal: expect.any(Number) });
  }
}

const meta = fc.record(
  {
    versionId: fc.oneof(fc.string(), fc.integer(), fc.constant(null)),
    lastUpdated: fc.oneof(fc.constant('2026-01-01T00:00:00.000Z'), fc.jsonValue()),
    extension: fc.oneof(
      fc.array(fc.oneof(fc.constant(softDeleted), fc.jsonValue())),
      fc.jsonValue(),
    ),
    profile: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const resource = fc.record(
  {
    resourceType: fc.oneof(
      fc.constantFrom('Patient', 'Observation', ''),
      fc.string({ unit: 'binary' }),
    ),
    id: fc.oneof(fc.string(), fc.jsonValue()),
    meta: fc.oneof(meta, fc.jsonValue()),
    contained: fc.jsonValue(),
    text: fc.jsonValue(),
    'é"\\': fc.jsonValue(),
  },
  { requiredKeys: [] },
);

describe('the scan of a line', () => {
  test('says what JSON.parse says of any resource, printed in any way', () => {
    const space = fc.constantFrom(undefined, 1, '\t');
    fc.assert(
      fc.property(resource, space, (value, indent) =>
        sameAsParse(JSON.stringify(value, null, indent)),
      ),
      { numRuns: 500 },
    );
  });

  test('says what JSON.parse says of a resource with any byte changed, dropped or doubled', () => {
    const change = fc.record({
      at: fc.nat(),
      cut: fc.integer({ min: 0, max: 3 }),
      put: fc.constantFrom(
        '',
        '"',
        '\\',
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '0',
        '-',
        '.',
        'e',
        't',
        ' ',
        '\u0001',
        '\\u00',
        'é',
      ),
    });
    fc.assert(
      fc.property(resource, fc.array(change, { minLength: 1, maxLength: 3 }), (value, changes) => {
        let text = JSON.stringify(value);
        for (const { at, cut, put } of changes) {
          const place = at % (text.length + 1);
          text = text.slice(0, place) + put + text.slice(place + cut);
        }
        sameAsParse(text.toWellFormed());
      }),
      { numRuns: 1000 },
    );
  });

  test.each([
    '{"resourceType":"Patient","resourceType":"Group"}',
    '{"resourceType":"Patient","\\u0069d":"a"}',
    '{"resourceType":"Patient","meta":{"versionId":"1"},"meta":{"versionId":"2"}}',
    '{"resourceType":"Pat\\u0069ent","id":"a"}',
    '{"resourceType":"Patient","meta":{"versionId":"1"},"meta":{}}',
    '{"resourceType":"Patient","meta":[]}',
    '{"resourceType":"Patient"} x',
    '\uFEFF{"resourceType":"Patient"}',
    `{"resourceType":"Patient","a":${'['.repeat(600)}${']'.repeat(600)}}`,
    `{"resourceType":"Patient","a":${'['.repeat(100_000)}`,
    '{"resourceType":"Patient","a":01}',
    '{"resourceType":"Patient","a":-}',
    '{"resourceType":"Patient","a":"\u0001"}',
    '{"resourceType":"Patient","a":"\t"}',
    '{"resourceType":"Patient","a\n":1}',
    '{"resourceType":"Patient",\f"a":1}',
    '{"resourceType":"Patient","__proto__":{"id":"x"}}',
    '',
  ])('is right about oddities too: %.60s', sameAsParse);

  test('bytes that are no UTF-8 are named, not replaced', () => {
    const line = Buffer.concat([
      Buffer.from('{"resourceType":"Patient","id":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    expect(scanResource(line)).toEqual({ kind: 'unreadable', problem: 'not-utf8' });
  });

  test.each([
    ['1', 1],
    ['0.00012', 2],
    ['-1.50', 3],
    ['123456789.0123456789', 19],
    ['1e400', 1],
    ['"12345678901234567890"', 0],
    ['{"a":[1.25,{"b":12345}]}', 5],
  ])('counts the digits of %s as %i', (value, digits) => {
    const quick = scanResource(Buffer.from(`{"resourceType":"X","v":${value}}`));
    const slow = scanResource(Buffer.from(`{"resourceType":"X","\\u0076":${value}}`));
    expect([quick, slow]).toMatchObject([{ longestDecimal: digits }, { longestDecimal: digits }]);
  });
});
