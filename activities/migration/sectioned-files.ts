import { ndjsonLines } from '../../shared/bulk/index.ts';
import type { MigrationDependencies } from './dependencies.ts';

/** Where sectioned files are; each of them has as many sections. */
export interface SectionedFiles {
  readonly container: string;
  /** Begins the name of each file. */
  readonly prefix: string;
  readonly sections: number;
}

/** Text held before it is written: bounds the memory of a writer. */
const mostHeld = 1024 * 1024;
const offsetBytes = 6;
/** Lines of a section that are kept as text. */
const encodedAtOnce = 100;
/** Bytes whose lines are given out at once. */
const readAtOnce = 32 * 1024;
/** Files whose section is fetched at once. */
const fetched = 8;

/**
 * Writes lines, each into one of many sections: files of about a megabyte that begin with where each
 * section ends. One writer reads the sections of all files without what lies between them. Given the
 * same lines again it writes the same files.
 */
export class SectionWriter {
  readonly #deps: MigrationDependencies;
  readonly #files: SectionedFiles;
  #lines: string[][] = [];
  #encoded: Buffer[][] = [];
  #held = 0;
  #file = 0;

  constructor(deps: MigrationDependencies, files: SectionedFiles) {
    this.#deps = deps;
    this.#files = files;
  }

  /** True when it is time to flush. @param line without line feeds */
  add(section: number, line: string): boolean {
    const lines = this.#lines[section] ?? [];
    this.#lines[section] = lines;
    lines.push(line);
    this.#held += line.length + 1;
    // As bytes they weigh a fifth, and keep nothing alive that they were cut from.
    if (lines.length >= encodedAtOnce) this.#encode(section);
    return this.#held > mostHeld;
  }

  async flush(): Promise<void> {
    if (this.#held === 0) return;
    const { container, prefix, sections } = this.#files;
    const header = Buffer.alloc(offsetBytes * (sections + 1));
    const parts: Buffer[] = [header];
    let end = header.length;
    for (let section = 0; section < sections; section += 1) {
      header.writeUIntBE(end, section * offsetBytes, offsetBytes);
      this.#encode(section);
      const encoded = this.#encoded[section] ?? [];
      parts.push(...encoded);
      end += encoded.reduce((sum, { length }) => sum + length, 0);
    }
    header.writeUIntBE(end, sections * offsetBytes, offsetBytes);
    const name = `${prefix}${String(this.#file).padStart(5, '0')}`;
    await this.#deps.blobs.write(container, name, Buffer.concat(parts));
    this.#encoded = [];
    this.#held = 0;
    this.#file += 1;
  }

  #encode(section: number): void {
    const lines = this.#lines[section] ?? [];
    if (lines.length === 0) return;
    const encoded = this.#encoded[section] ?? [];
    this.#encoded[section] = encoded;
    encoded.push(Buffer.from(`${lines.join('\n')}\n`));
    this.#lines[section] = [];
  }
}

/** The lines of one section of all files, some at a time. */
export async function* sectionLines(
  deps: MigrationDependencies,
  files: SectionedFiles,
  section: number,
): AsyncGenerator<readonly string[]> {
  let urls: string[] = [];
  for await (const { url } of deps.blobs.list(files.container, files.prefix)) {
    urls.push(url);
    if (urls.length < Math.min(fetched, files.sections)) continue;
    yield* linesOf(deps, urls, section);
    urls = [];
  }
  yield* linesOf(deps, urls, section);
}

async function* linesOf(
  deps: MigrationDependencies,
  urls: readonly string[],
  section: number,
): AsyncGenerator<readonly string[]> {
  const found = await Promise.all(urls.map((url) => sectionOf(deps, url, section)));
  for (const [index, bytes] of found.entries()) {
    for await (const lines of ndjsonLines(pieces(bytes), { file: urls[index] ?? '' })) {
      yield lines.map((line) => line.bytes.toString('utf8'));
    }
  }
}

async function sectionOf(
  { blobs }: MigrationDependencies,
  url: string,
  section: number,
): Promise<Buffer> {
  const place = { offset: section * offsetBytes, count: 2 * offsetBytes };
  const ends = await whole(blobs.read(url, place));
  const offset = ends.readUIntBE(0, offsetBytes);
  const count = ends.readUIntBE(offsetBytes, offsetBytes) - offset;
  return count === 0 ? Buffer.alloc(0) : whole(blobs.read(url, { offset, count }));
}

async function whole(parts: AsyncIterable<Buffer>): Promise<Buffer> {
  const read: Buffer[] = [];
  for await (const part of parts) read.push(part);
  return Buffer.concat(read);
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += readAtOnce) {
    yield bytes.subarray(from, from + readAtOnce);
  }
}
