import { createHash } from 'node:crypto';
import { z } from 'zod';
import { windowLedger, windowName } from '../../shared/migration/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { wholeBlobIfThere } from './key-files.ts';
import type { PlainLines } from './line-judge.ts';
import { stagingContainer } from './overlap.ts';
import type { WindowPlace } from './window-mends.ts';

const count = z.int().min(0);

const readFile = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('plain'),
    /** Of the blob that was read. */
    etag: z.string(),
    /** On which its lines were judged. */
    terms: z.string(),
    ledger: windowLedger,
    ...{ bytes: count, lines: count, longest: count },
    end: z.array(z.string()),
  }),
  /** It is to be read with the others of its chunk. */
  z.object({ kind: z.literal('other') }),
]);

/** The same blob on the same terms, or it counts as not read. */
export interface ReadBlob {
  readonly url: string;
  readonly etag: string;
  readonly terms: string;
}

const lineFeed = 0x0a;

/** Keeps what the lines of a file came to, in front of the keys of its versions. */
export async function keepReadFile(
  { blobs }: MigrationDependencies,
  place: WindowPlace,
  { url, etag, terms, found }: ReadBlob & { readonly found: PlainLines | undefined },
): Promise<void> {
  const content =
    found === undefined ? headLine({ kind: 'other' }) : plainContent({ etag, terms, ...found });
  await blobs.write(stagingContainer(place.migrationId), nameOf(place, url), content);
}

function plainContent({ keys, end, ...plain }: Omit<ReadBlob, 'url'> & PlainLines): Buffer {
  return Buffer.concat([headLine({ kind: 'plain', ...plain, end: [...end] }), keys]);
}

const headLine = (head: z.infer<typeof readFile>): Buffer =>
  Buffer.from(`${JSON.stringify(head)}\n`);

/** Undefined when the file was not read ahead, is another one by now, or has lines that are not plain. */
export async function plainLinesOf(
  deps: MigrationDependencies,
  place: WindowPlace,
  { url, etag, terms }: ReadBlob,
): Promise<PlainLines | undefined> {
  const kept = deps.blobs.urlOf(stagingContainer(place.migrationId), nameOf(place, url));
  const content = await wholeBlobIfThere(deps, kept);
  if (content === undefined) return undefined;
  const headEnd = content.indexOf(lineFeed);
  const { data: head } = readFile.safeParse(JSON.parse(content.toString('utf8', 0, headEnd)));
  // What another release kept in another form is read again.
  if (head?.kind !== 'plain' || head.etag !== etag || head.terms !== terms) return undefined;
  return { ...head, keys: content.subarray(headEnd + 1) };
}

/** Says of the URL of a file whether it was read ahead. */
export async function readAheadSoFar(
  { blobs }: MigrationDependencies,
  place: WindowPlace,
): Promise<(url: string) => boolean> {
  const names = new Set<string>();
  for await (const { name } of blobs.list(stagingContainer(place.migrationId), folderOf(place))) {
    names.add(name);
  }
  return (url) => names.has(nameOf(place, url));
}

const folderOf = ({ window }: WindowPlace): string => `${windowName(window)}/ahead/`;

const nameOf = (place: WindowPlace, url: string): string =>
  `${folderOf(place)}${createHash('sha256').update(url).digest('hex').slice(0, 32)}.bin`;
