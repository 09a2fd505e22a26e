import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ordered,
  readVersionKeys,
  referenceHash,
  VersionKeyWriter,
  withLastUpdated,
} from '../../../shared/migration/index.ts';

const word = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const key = fc.record({
  high: word,
  low: word,
  at: fc.integer({ min: 0, max: 8.64e15 }),
  version: fc.integer({ min: 0, max: 999_999_999 }),
  pinned: fc.boolean(),
});

describe('keys of versions', () => {
  it('come back as they were written, in order, 24 bytes each', () => {
    fc.assert(
      fc.property(fc.array(key, { maxLength: 40 }), (keys) => {
        const writer = new VersionKeyWriter();
        for (const one of keys) writer.add(one);
        expect(writer.bytes()).toHaveLength(keys.length * 24);
        expect([...readVersionKeys(writer.bytes())]).toEqual(keys);
      }),
    );
  });

  it('differ for 300,000 ids that are alike', () => {
    const seen = new Set<string>();
    for (let index = 0; index < 300_000; index += 1) {
      const { high, low } = referenceHash(`Observation/id-${index}`);
      seen.add(`${high}:${low}`);
    }
    expect(seen.size).toBe(300_000);
  });

  it('are the same for a reference and for its parts', () => {
    expect(referenceHash('Observation', '/', 'id-1')).toEqual(referenceHash('Observation/id-1'));
    expect(referenceHash('Observation', '/', 'id-2')).not.toEqual(
      referenceHash('Observation/id-1'),
    );
  });

  it('are made of numbered, dated versions only', () => {
    expect(ordered('3', '2026-01-01T00:00:00.1234567+01:00')).toEqual({
      version: 3,
      at: Date.parse('2025-12-31T23:00:00.123Z'),
    });
    expect(ordered('W/"3"', '2026-01-01T00:00:00Z')).toBeUndefined();
    expect(ordered('3', 'yesterday')).toBeUndefined();
    expect(ordered(null, null)).toBeUndefined();
  });
});

describe('a line with another lastUpdated', () => {
  const line = Buffer.from(
    '{"id":"ä","contained":[{"meta":{"lastUpdated":"a"}}],"meta": {"lastUpdated" : "a"},"value":1.0}',
  );

  it('has every other byte as it was, at the place that is told to be right', () => {
    const change = { from: 'a', to: 'bb' };
    const first = withLastUpdated(line, change, () => true);
    expect(first?.toString()).toBe(line.toString().replace('"a"}}]', '"bb"}}]'));
    const second = withLastUpdated(line, change, (found) =>
      found.toString().includes('[{"meta":{"lastUpdated":"a"'),
    );
    expect(second?.toString()).toBe(line.toString().replace(': "a"}', ': "bb"}'));
  });

  it('is none when lastUpdated is not found as it was read', () => {
    expect(withLastUpdated(line, { from: 'c', to: 'd' }, () => true)).toBeUndefined();
  });
});
