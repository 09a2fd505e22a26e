import type { Conversion, Convert } from './conversion.ts';

/** Texts remembered, a power of two. */
const size = 1024;

/**
 * A pure conversion of texts that remembers the last ones: one element fills
 * several columns, and resources that come together share their instants.
 */
export function remembering(convert: Convert): Convert {
  const texts: string[] = Array.from({ length: size }, () => '');
  const conversions: Conversion[] = Array.from({ length: size }, () => null);
  return (value) => {
    if (typeof value !== 'string' || value.length === 0) return convert(value);
    const slot = slotOf(value);
    const known = conversions[slot];
    if (texts[slot] === value && known !== undefined) return known;
    const conversion = convert(value);
    texts[slot] = value;
    conversions[slot] = conversion;
    return conversion;
  };
}

/** Dates differ most in day, minute and second; past the end of a text there is NaN, which counts as 0. */
function slotOf(text: string): number {
  const mixed = text.charCodeAt(9) * 100 + text.charCodeAt(15) * 10 + text.charCodeAt(18);
  return (mixed + text.length) & (size - 1);
}
