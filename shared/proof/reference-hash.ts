/** 64 bits of `Type/id`, spread evenly; two lanes of multiplication, mixed into each other at the end. */
export class ReferenceHash {
  high = 0;
  low = 0;

  of(reference: string): void {
    let high = 0xdeadbeef;
    let low = 0x41c6ce57;
    for (let at = 0; at < reference.length; at += 1) {
      const code = reference.charCodeAt(at);
      high = Math.imul(high ^ code, 0x9e3779b1);
      low = Math.imul(low ^ code, 0x5f356495);
    }
    high = Math.imul(high ^ (high >>> 16), 0x85ebca6b) ^ Math.imul(low ^ (low >>> 13), 0xc2b2ae35);
    low = Math.imul(low ^ (low >>> 16), 0x85ebca6b) ^ Math.imul(high ^ (high >>> 13), 0xc2b2ae35);
    this.high = high >>> 0;
    this.low = low >>> 0;
  }
}

const hash = new ReferenceHash();

/** Which of so many passes a reference belongs to. */
export function closurePassOf(reference: string, passes: number): number {
  if (passes === 1) return 0;
  hash.of(reference);
  return hash.high % passes;
}
