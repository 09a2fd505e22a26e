import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type Certificate,
  checkCertificate,
  sealCertificate,
} from '../../../shared/proof/index.ts';
import { ed25519, problems, small, three } from './certificate-samples.ts';
import { certificateOf, entry, hashOf, instant, population } from './proof-samples.ts';

describe('a changed byte is noticed', () => {
  const { privateKey } = ed25519();

  /** Every position with one other byte: a digit for a digit, a letter for a letter, a bit otherwise. */
  function unnoticed(text: string, positions: Iterable<number>, other: (byte: number) => number) {
    const bytes = Buffer.from(text);
    const found: number[] = [];
    for (const position of positions) {
      const changed = Buffer.from(bytes);
      changed[position] = other(bytes[position] ?? 0);
      if (checkCertificate(changed).kind === 'sound') found.push(position);
    }
    return found;
  }

  function plausible(byte: number): number {
    if (byte >= 0x30 && byte <= 0x39) return byte === 0x39 ? 0x30 : byte + 1;
    return byte === 0x20 ? 0x09 : byte ^ 1;
  }

  it.each([
    ['unsigned', undefined],
    ['signed', { privateKey }],
  ])('anywhere in a small one, %s', (_name, key) => {
    const text = sealCertificate(small(), key);
    expect(checkCertificate(text).kind).toBe('sound');
    const positions = Array.from({ length: Buffer.byteLength(text) }, (_none, at) => at);
    const other = key === undefined ? plausible : (byte: number) => byte ^ 0x20;
    expect(unnoticed(text, positions, other)).toEqual([]);
  });

  it('anywhere in a big one, whatever the byte', () => {
    const source = () => population(20_000);
    const boundaries = [instant(5_000), instant(10_000)];
    const text = sealCertificate(certificateOf({ source, target: source }, { boundaries }), {
      privateKey,
    });
    expect(checkCertificate(text).kind).toBe('sound');
    fc.assert(
      fc.property(
        fc.nat(Buffer.byteLength(text) - 1),
        fc.integer({ min: 1, max: 255 }),
        (at, mask) => {
          expect(unnoticed(text, [at], (byte) => byte ^ mask)).toEqual([]);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('also one that is added, taken away, or cut off', () => {
    const text = sealCertificate(small());
    fc.assert(
      fc.property(
        fc.nat(text.length),
        fc.constantFrom(' ', '\n', '\t', '0', 'a', '"', '\ufeff'),
        (at, more) => {
          expect(checkCertificate(text.slice(0, at) + more + text.slice(at)).kind).not.toBe(
            'sound',
          );
          if (at < text.length) {
            expect(checkCertificate(text.slice(0, at) + text.slice(at + 1)).kind).not.toBe('sound');
            expect(checkCertificate(text.slice(0, at)).kind).not.toBe('sound');
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it('also when the text is spelled otherwise and means the same', () => {
    const text = sealCertificate(small());
    expect(checkCertificate(JSON.stringify(JSON.parse(text))).kind).toBe('unsound');
    expect(checkCertificate(text.replaceAll('\n', '\r\n')).kind).toBe('unsound');
    expect(checkCertificate(text.replace('"equal"', '"\\u0065qual"')).kind).toBe('unsound');
  });
});

describe('a certificate sealed anew after a change', () => {
  type Change = (draft: Certificate) => unknown;
  const first = (draft: Certificate) => draft.types[0] ?? never();
  const never = (): never => {
    throw new Error('no such type');
  };
  const otherRoot = hashOf('another');

  it.each<[string, Change, RegExp]>([
    ['a verdict', (draft) => ({ ...draft, verdict: 'equal' }), /the figures say "different"/],
    [
      'a root of the whole',
      (draft) => ({ ...draft, roots: { ...draft.roots, target: draft.roots.source } }),
      /whole target/,
    ],
    [
      'a root of a type',
      (draft) => edit(draft, { target: first(draft).source }),
      /Patient: (the root of the target|windows of the target)/,
    ],
    ['a count', (draft) => edit(draft, { equal: 3 }), /do not add up/],
    ['a ledger total', (draft) => edit(draft, { exported: 4 }), /add up to 3 exported, not 4/],
    [
      'a count of differences',
      (draft) => ({ ...draft, differences: { count: 0, listed: [] } }),
      /differences of the types/,
    ],
    [
      'a place of a difference',
      (draft) => ({
        ...draft,
        differences: {
          ...draft.differences,
          listed: draft.differences.listed.map((one) => ({ ...one, resourceType: 'Group' })),
        },
      }),
      /lies where both sides are equal/,
    ],
    [
      'a quarantine',
      (draft) => ({
        ...draft,
        quarantine: { count: 1, kinds: [{ kind: 'x', count: 1 }], listed: [] },
      }),
      /more is in quarantine/,
    ],
    [
      'leaves',
      (draft) =>
        editWindow(draft, (window) => ({ ...window, leaves: { ...window.leaves, target: null } })),
      /leaves of the target|root of the target/,
    ],
    [
      'a root of a window',
      (draft) =>
        editWindow(draft, (window) => ({
          ...window,
          source: { ...window.source, root: otherRoot },
        })),
      /another root of the source/,
    ],
    [
      'a window there twice',
      (draft) => edit(draft, { windows: [...first(draft).windows, ...first(draft).windows] }),
      /add up|twice/,
    ],
  ])('in %s is found by what follows from what', (_name, change, problem) => {
    const honest = certificateOf({
      source: three,
      target: () => [entry({ id: 'a' }), entry({ id: 'b', content: 'x' })],
    });
    const forged = change(honest) as Certificate;
    const result = checkCertificate(sealCertificate(forged));
    expect(result.kind).toBe('unsound');
    expect(problems(result).join('\n')).toMatch(problem);
  });

  function edit(draft: Certificate, more: object) {
    return { ...draft, types: [{ ...first(draft), ...more }] };
  }

  function editWindow(
    draft: Certificate,
    change: (window: Certificate['types'][number]['windows'][number]) => object,
  ) {
    return edit(draft, { windows: first(draft).windows.map(change) });
  }
});
