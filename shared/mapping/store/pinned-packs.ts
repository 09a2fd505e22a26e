import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { type CompileOptions, compilePack } from '../compile-pack.ts';
import { parseMapFiles } from '../load-map-files.ts';
import type { MapFiles } from '../map-files.ts';
import type { MapPack } from '../map-pack.ts';
import { recordPlaces } from './row-places.ts';
import { insertText, type MapStorage, readText } from './storage.ts';

const headSchema = z.strictObject({ text: z.string(), parts: z.int().positive() });
const sourceSchema = z.strictObject({
  enabled: z.array(z.string()),
  files: z.array(z.strictObject({ file: z.string(), json: z.unknown() })),
});

const headKey = (hash: string) => ({ partition: 'pack', row: hash });
const sourceKey = (text: string) => ({ partition: 'pack-source', row: text });

/**
 * Saves what a pack was made of under its hash, so that work that began with it
 * can end with it, on any worker and after any edit. Repeating it changes
 * nothing. Pinned packs are never removed: they are small, and nobody can know
 * when the last orchestration that began with one has ended. Where its maps put
 * rows is recorded first, so that no work can write what no removal finds.
 * @param enabled the root maps in use
 * @returns the pack, compiled
 */
export async function pinPack(
  storage: MapStorage,
  files: MapFiles,
  options: CompileOptions & { readonly enabled: readonly string[] },
): Promise<MapPack> {
  const pack = compilePack(files, options);
  await recordPlaces(storage, [...pack.roots.values()]);
  const head = headKey(pack.hash);
  if ((await storage.get(head)) !== undefined) return pack;
  const all = [...files.entities, ...files.expansions, ...files.values];
  const source = {
    enabled: options.enabled,
    files: all.map(({ file, content }) => ({ file, json: content })),
  };
  const json = JSON.stringify(source);
  // Two sources of one pack may differ in notes: each has a place of its own, and the first head counts.
  const text = createHash('sha256').update(json).digest('hex');
  const parts = await insertText(storage, sourceKey(text), json);
  await storage.insert(head, { text, parts });
  return pack;
}

/** The pack of this hash, compiled. Throws MAP_PACK_UNKNOWN when it was never pinned here. */
export async function loadPinnedPack(
  storage: MapStorage,
  hash: string,
  options: Omit<CompileOptions, 'enabled'> = {},
): Promise<MapPack> {
  const head = headSchema.safeParse(await storage.get(headKey(hash)));
  const json = head.success
    ? await readText(storage, sourceKey(head.data.text), head.data.parts)
    : undefined;
  if (json === undefined) {
    throw new AppError('MAP_PACK_UNKNOWN', `no pack ${hash} is kept`, { details: { hash } });
  }
  const { enabled, files } = sourceSchema.parse(JSON.parse(json));
  return compilePack(parseMapFiles(files), { ...options, enabled });
}
