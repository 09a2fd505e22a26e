/**
 * A resource as NDJSON with another `meta.lastUpdated`, every other byte as it was. The caller
 * tells whether the right place was hit: a contained text may look alike.
 *
 * @param isRight decides about a candidate
 * @returns undefined when lastUpdated is written in a way that is not found
 */
export function withLastUpdated(
  line: Buffer,
  { from, to }: { readonly from: string; readonly to: string },
  isRight: (candidate: Buffer) => boolean,
): Buffer | undefined {
  const text = line.toString('latin1');
  for (const found of text.matchAll(/"lastUpdated"\s*:\s*"([^"\\]*)"/g)) {
    if (found[1] !== from) continue;
    const end = found.index + found[0].length - 1;
    const start = end - from.length;
    const candidate = Buffer.concat([
      line.subarray(0, start),
      Buffer.from(to, 'latin1'),
      line.subarray(end),
    ]);
    if (isRight(candidate)) return candidate;
  }
  return undefined;
}
