import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstJsonProblem } from '../../../../local/host/settings/json-problem.ts';

function valid(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('the place where a text stops being JSON', () => {
  it('does not exist in any JSON text', () => {
    fc.assert(
      fc.property(fc.json(), fc.nat(4), (text, indent) => {
        expect(firstJsonProblem(text)).toBeUndefined();
        const spread = JSON.stringify(JSON.parse(text), undefined, indent);
        expect(firstJsonProblem(spread)).toBeUndefined();
      }),
    );
  });

  it('exists in every text that JSON.parse refuses, and within it', () => {
    const damaged = fc.tuple(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', ',', '}', '"', ':', 'x', '1'),
    );
    fc.assert(
      fc.property(damaged, ([text, at, insert]) => {
        const cut = at % (text.length + 1);
        const broken = text.slice(0, cut) + insert + text.slice(cut + 1);
        const place = firstJsonProblem(broken);
        expect(place === undefined).toBe(valid(broken));
        if (place !== undefined) expect(place).toBeLessThanOrEqual(broken.length);
      }),
    );
  });

  it.each([
    ['{ "a": 1, }', 10],
    ['{ "a" 1 }', 6],
    ['[1 2]', 3],
    ['{"a": tru}', 6],
    ['{"a": 1', 7],
    ['[] []', 3],
    ["{'a': 1}", 1],
  ])('%s fails at %i', (text, offset) => {
    expect(firstJsonProblem(text)).toBe(offset);
  });
});
