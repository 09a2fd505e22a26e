import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { type CompileOptions, compilePack } from '../compile-pack.ts';
import { parseMapFiles } from '../load-map-files.ts';
import type { MapFiles } from '../map-files.ts';
import type { MapPack } from '../map-pack.ts';
import { insertText, type MapStorage, readText } from './storage.ts';

const headSchema = z.strictObject({ parts: z.int().positive() });
const sourceSchema = z.strictObject({
  enabled: z.array(z.string()),
  files: z.array(z.strictObject({ file: z.string(), json: z.unknown() })),
});

/**
 * Saves what a pack was made of under its hash, so that work that began with it
 * can end with it, on any worker and after any edit. Repeating it changes nothing.
 */
export async function pinPack(
  storage: MapStorage,
  files: MapFiles,
  enabled: readonly string[],
): Promise<string> {
  const { hash } = compilePack(files, { enabled });
  const all = [...files.entities, ...files.expansions, ...files.values];
  const source = { enabled, files: all.map(({ file, content }) => ({ file, json: content })) };
  const key = { partition: 'pack', row: hash };
  const parts = await insertText(storage, key, JSON.stringify(source));
  await storage.insert(key, { parts });
  return hash;
}

/** The pack of this hash, compiled. Throws MAP_PACK_UNKNOWN when it was never pinned here. */
export async function loadPinnedPack(
  storage: MapStorage,
  hash: string,
  options: Omit<CompileOptions, 'enabled'> = {},
): Promise<MapPack> {
  const key = { partition: 'pack', row: hash };
  const head = headSchema.safeParse(await storage.get(key));
  const text = head.success ? await readText(storage, key, head.data.parts) : undefined;
  if (text === undefined) {
    throw new AppError('MAP_PACK_UNKNOWN', `no pack ${hash} is kept`, { details: { hash } });
  }
  const { enabled, files } = sourceSchema.parse(JSON.parse(text));
  return compilePack(parseMapFiles(files), { ...options, enabled });
}
