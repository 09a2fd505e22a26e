import { createHash } from 'node:crypto';
import { z } from 'zod';
import { AppError } from '../../errors.ts';
import { insertText, type MapStorage, readText, storageKey } from './storage.ts';

export type MapKind = 'entity' | 'expansion' | 'values';

export interface MapName {
  readonly kind: MapKind;
  readonly name: string;
}

/** One saved state of one map. Versions are never changed or removed: rolling back adds one. */
export interface MapVersion extends MapName {
  readonly version: number;
  readonly author: string;
  /** ISO 8601, UTC. */
  readonly savedAt: string;
  readonly change: 'edit' | 'copy' | 'enable' | 'disable' | 'archive' | 'restore' | 'rollback';
  /** The map file as JSON. */
  readonly content: unknown;
}

const headSchema = z.strictObject({
  author: z.string(),
  savedAt: z.string(),
  change: z.enum(['edit', 'copy', 'enable', 'disable', 'archive', 'restore', 'rollback']),
  hash: z.string(),
  parts: z.int().positive(),
});

const digits = 6;

/** Every version of one map, oldest first. */
export async function versionsOf(
  storage: MapStorage,
  map: MapName,
): Promise<readonly MapVersion[]> {
  const versions: MapVersion[] = [];
  for await (const { key, body } of storage.list({ partition: partitionOf(map) })) {
    const { hash, parts, ...head } = readHead(body, map);
    const text = await readText(storage, { partition: 'content', row: hash }, parts);
    if (text === undefined) throw broken(map);
    versions.push({ ...map, ...head, version: Number(key.row), content: JSON.parse(text) });
  }
  return versions.sort((a, b) => a.version - b.version);
}

/**
 * Saves the next version. The content goes first, under its hash, so that a
 * version never points to nothing; of two people who save at once, one gets CONFLICT.
 */
export async function saveVersion(storage: MapStorage, version: MapVersion): Promise<void> {
  const text = JSON.stringify(version.content);
  const hash = createHash('sha256').update(text).digest('hex');
  const parts = await insertText(storage, { partition: 'content', row: hash }, text);
  const { author, savedAt, change } = version;
  const row = String(version.version).padStart(digits, '0');
  const inserted = await storage.insert(
    { partition: partitionOf(version), row },
    { author, savedAt, change, hash, parts },
  );
  if (inserted === 'exists') {
    const message = `someone else saved ${version.kind} ${version.name} meanwhile; read it and edit again`;
    throw new AppError('CONFLICT', message, { details: { map: version.name } });
  }
  await storage.insert({ partition: 'maps', row: partitionOf(version) }, mapNameOf(version));
}

const nameSchema = z.strictObject({
  kind: z.enum(['entity', 'expansion', 'values']),
  name: z.string(),
});

/** Every map that was ever changed. */
export async function changedMaps(storage: MapStorage): Promise<readonly MapName[]> {
  const names: MapName[] = [];
  for await (const { body } of storage.list({ partition: 'maps' })) {
    names.push(nameSchema.parse(body));
  }
  return names;
}

function mapNameOf({ kind, name }: MapName): MapName {
  return { kind, name };
}

function partitionOf({ kind, name }: MapName): string {
  return storageKey(`${kind} ${name}`);
}

function readHead(body: unknown, map: MapName): z.infer<typeof headSchema> {
  const head = headSchema.safeParse(body);
  if (head.success) return head.data;
  throw broken(map);
}

function broken({ kind, name }: MapName): AppError {
  const message = `a stored version of ${kind} ${name} cannot be read`;
  return new AppError('INTERNAL', message, { details: { map: name } });
}
