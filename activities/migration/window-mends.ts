import { z } from 'zod';
import { numbered, type VersionKey, windowName } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { stagingContainer } from './overlap.ts';

export interface WindowPlace {
  readonly migrationId: string;
  readonly window: number;
}

const word = z.int().min(0);

/** What the inspection of a window found to be done to the lines of one chunk. */
const chunkMends = z.object({
  /** Hash and number of a version, and the instant it gets. */
  moves: z.array(z.tuple([word, word, word, word])),
  /** A crowded millisecond, and how many versions of it come in the chunks before. */
  crowded: z.array(z.tuple([word, word])),
});
export type ChunkMends = z.infer<typeof chunkMends>;

/** Kept, so that a repeat decides the same while some chunks are mended already. */
const decision = z.object({ attempt: z.int(), chunks: z.array(z.int()) });
export type Decision = z.infer<typeof decision>;

export const noMends: ChunkMends = { moves: [], crowded: [] };

export const moveKey = ({ high, low, version }: Pick<VersionKey, 'high' | 'low' | 'version'>) =>
  `${high}:${low}:${version}`;

const folder = (window: number): string => `${windowName(window)}/mends`;

export function keepMends(
  deps: MigrationDependencies,
  place: WindowPlace & { readonly chunk: number },
  mends: ChunkMends,
): Promise<void> {
  return write(deps, place, { name: numbered(place.chunk), content: mends });
}

export async function mendsOf(
  deps: MigrationDependencies,
  place: WindowPlace & { readonly chunk: number },
): Promise<ChunkMends | undefined> {
  const content = await read(deps, place, numbered(place.chunk));
  return content === undefined ? undefined : chunkMends.parse(content);
}

export function keepDecision(
  deps: MigrationDependencies,
  place: WindowPlace,
  content: Decision,
): Promise<void> {
  return write(deps, place, { name: 'decision', content });
}

/** Undefined when the window was not inspected in this attempt. */
export async function decisionOf(
  deps: MigrationDependencies,
  place: WindowPlace,
  attempt: number,
): Promise<Decision | undefined> {
  const content = await read(deps, place, 'decision');
  const found = content === undefined ? undefined : decision.parse(content);
  return found?.attempt === attempt ? found : undefined;
}

async function write(
  { blobs }: MigrationDependencies,
  { migrationId, window }: WindowPlace,
  { name, content }: { readonly name: string; readonly content: object },
): Promise<void> {
  const text = Buffer.from(JSON.stringify(content));
  await blobs.write(stagingContainer(migrationId), `${folder(window)}/${name}.json`, text);
}

async function read(
  { blobs }: MigrationDependencies,
  { migrationId, window }: WindowPlace,
  name: string,
): Promise<unknown> {
  const url = blobs.urlOf(stagingContainer(migrationId), `${folder(window)}/${name}.json`);
  if ((await blobs.find(url)) === undefined) return undefined;
  const parts: Buffer[] = [];
  for await (const part of blobs.read(url)) parts.push(part);
  return JSON.parse(Buffer.concat(parts).toString('utf8'));
}
