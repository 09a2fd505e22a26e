import type { SearchExportPage } from '../../shared/bulk/index.ts';
import {
  type ExtractRecord,
  inside,
  numbered,
  type PullRecord,
  searchableTypes,
} from '../../shared/migration/index.ts';
import { type Blocked, blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { loadExtract } from './extract.ts';
import { loadRun } from './run.ts';
import type { ExtractInput } from './start-extract.ts';

export type PulledPages =
  | { readonly kind: 'more'; readonly lines: number }
  | { readonly kind: 'ready'; readonly chunks: number };

/** What one run of the step reads at most; the next one goes on from its cursor. */
const most = { pages: 30, bytes: 16_000_000 };

const begin: PullRecord = { type: 0, cursor: null, chunks: 0, lines: 0, done: false };

/**
 * Stands in for `$export` where a service has none: searches type by type, page by page, into
 * files of the same form. The cursor is kept after every file, so that a crash repeats one file at
 * most; what a repeat reads twice replaces what it read before. Slower than an export by far, and no
 * snapshot: what changes while it is read comes again in the next window.
 */
export function createPullPages(deps: MigrationDependencies) {
  return async ({ migrationId, extract: name }: ExtractInput): Promise<PulledPages | Blocked> => {
    const extract = await loadExtract(deps.store, migrationId, name);
    if (extract.state === 'exported') return { kind: 'ready', chunks: extract.chunks };
    const { orders } = await loadRun(deps.store, migrationId);
    const end = deps.ends[extract.side];
    const types =
      orders.plan.types.length > 0 ? orders.plan.types : await searchableTypes(end.service);
    if (types.length === 0) {
      return blocked(`The ${extract.side} has no $export, and offers no type to be searched.`);
    }
    const from = (await deps.store.pulls.get(migrationId, name)) ?? begin;
    const pulled = await pull(deps, { migrationId, extract, types }, from);
    await deps.store.pulls.put(migrationId, name, pulled);
    if (!pulled.done) return { kind: 'more', lines: pulled.lines };
    const { chunks, lines } = pulled;
    await deps.store.extracts.put(migrationId, name, {
      ...extract,
      state: 'exported',
      chunks,
      lines,
    });
    return { kind: 'ready', chunks };
  };
}

interface Pulling {
  readonly migrationId: string;
  readonly extract: ExtractRecord;
  readonly types: readonly string[];
}

/** Reads types one after another until there is enough for one step; empty ones leave no file. */
async function pull(
  deps: MigrationDependencies,
  pulling: Pulling,
  from: PullRecord,
): Promise<PullRecord> {
  let at = from;
  let room = most.pages;
  while (!at.done && room > 0) {
    const { parts, count, pages, cursor } = await readType(deps, pulling, { at, room });
    room -= pages;
    const chunks = count === 0 ? at.chunks : at.chunks + 1;
    if (count > 0) await keep(deps, pulling, { type: at.type, chunk: chunks, parts, count });
    const type = cursor === null ? at.type + 1 : at.type;
    const done = type >= pulling.types.length;
    at = { type, cursor, chunks, lines: at.lines + count, done };
    if (count > 0) await deps.store.pulls.put(pulling.migrationId, pulling.extract.name, at);
  }
  return at;
}

async function readType(
  deps: MigrationDependencies,
  { extract, types }: Pulling,
  { at, room }: { readonly at: PullRecord; readonly room: number },
) {
  const { since, till, side } = extract;
  const request = {
    types: types.slice(at.type, at.type + 1),
    history: false,
    ...(since === null ? {} : { since }),
    ...(till === null ? {} : { till }),
  };
  const parts: Buffer[] = [];
  let [count, bytes, pages] = [0, 0, 0];
  let cursor: string | undefined = at.cursor ?? undefined;
  do {
    const page: SearchExportPage = await deps.ends[side].pages.page(request, cursor);
    parts.push(page.ndjson);
    count += page.count;
    bytes += page.ndjson.length;
    pages += 1;
    cursor = page.next;
  } while (cursor !== undefined && pages < room && bytes < most.bytes);
  return { parts, count, pages, cursor: cursor ?? null };
}

interface PulledChunk {
  readonly type: number;
  readonly chunk: number;
  readonly parts: readonly Buffer[];
  readonly count: number;
}

async function keep(
  { blobs, store }: MigrationDependencies,
  { migrationId, extract, types }: Pulling,
  { type, chunk, parts, count }: PulledChunk,
): Promise<void> {
  const container = `fds-${migrationId}-${extract.name}-pages`.toLowerCase().slice(0, 63);
  await blobs.ensureContainer(container);
  const name = `${types[type] ?? ''}-${numbered(chunk)}.ndjson`;
  const { url } = await blobs.write(container, name, Buffer.concat(parts));
  await store.chunks.put(inside(migrationId, extract.name), numbered(chunk), {
    number: chunk,
    type: types[type] ?? '',
    files: [{ url, count }],
    requiresAccessToken: false,
  });
}
