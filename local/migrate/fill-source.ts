import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { feedSystem } from '../run/feed-system.ts';
import { RunError } from '../run/run-error.ts';
import type { MigrateOptions } from './options.ts';
import { stirSource } from './stir-source.ts';

/**
 * Fills the local source as asked, and then changes and deletes some of it, so that there are old
 * versions and deletes to carry. A run that was cut goes on where it was.
 */
export async function fillSource(
  options: MigrateOptions,
  sourceUrl: string,
  say: (text: string) => void,
): Promise<void> {
  const mark = options.data === undefined ? undefined : join(options.data, 'filled');
  if (mark !== undefined && (await readFile(mark, 'utf8').catch(() => '')) !== '') return;
  const { patients, from, data, seedNumber } = options;
  const fed = await feedSystem(
    { ...{ patients, from, data, seedNumber }, seed: true },
    sourceUrl,
    () => undefined,
  );
  if (fed.failures > 0) throw new RunError(`${fed.failures} resources were refused by the source.`);
  const stirred = await stirSource(sourceUrl);
  if (mark !== undefined) await writeFile(mark, 'filled\n');
  say(
    `  the source holds ${fed.sent} resources; ${stirred.updated} were changed and ${stirred.deleted} deleted since`,
  );
}
