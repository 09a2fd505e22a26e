import { ndjsonLines } from '../../shared/bulk/index.ts';
import { createResourceScanner } from '../../shared/proof/index.ts';
import { longestLine } from './chunk-lines.ts';
import type { MigrationDependencies } from './dependencies.ts';

export interface LookedUp {
  readonly resourceType: string;
  readonly id: string;
  readonly bytes: Buffer;
}

/** Ids of one search: as many as fit a URL that every service takes. */
const idsPerSearch = 80;

/** Parts lines into those that the target holds as they are, and the others. */
export async function heldContents<Line extends LookedUp>(
  deps: MigrationDependencies,
  lines: readonly Line[],
): Promise<{ readonly present: readonly Line[]; readonly absent: readonly Line[] }> {
  const held = new Map<string, string>();
  for (const [type, some] of Map.groupBy(lines, ({ resourceType }) => resourceType)) {
    const ids = [...new Set(some.map(({ id }) => id))];
    for (let from = 0; from < ids.length; from += idsPerSearch) {
      await lookUp(deps, { type, ids: ids.slice(from, from + idsPerSearch) }, held);
    }
  }
  const scanner = createResourceScanner();
  const isHeld = ({ resourceType, id, bytes }: Line): boolean =>
    held.get(`${resourceType}/${id}`) === (held.size === 0 ? '' : scanner.scan(bytes).contentHash);
  const parts = Map.groupBy(lines, isHeld);
  return { present: parts.get(true) ?? [], absent: parts.get(false) ?? [] };
}

async function lookUp(
  { ends }: MigrationDependencies,
  { type, ids }: { readonly type: string; readonly ids: readonly string[] },
  held: Map<string, string>,
): Promise<void> {
  const scanner = createResourceScanner();
  const request = { types: [type], history: false, ids, pageSize: idsPerSearch };
  for await (const { ndjson } of ends.target.pages.pages(request)) {
    for await (const lines of ndjsonLines(oneChunk(ndjson), {
      file: 'a page of the target',
      maxLineBytes: longestLine,
    })) {
      for (const { bytes } of lines) {
        const { resourceType, id, contentHash } = scanner.scan(bytes);
        held.set(`${resourceType}/${id}`, contentHash);
      }
    }
  }
}

async function* oneChunk(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
