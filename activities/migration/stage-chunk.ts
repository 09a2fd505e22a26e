import type { WrittenBlob } from '../../shared/bulk/index.ts';
import { AppError } from '../../shared/errors.ts';
import {
  addToLedger,
  type ChunkRecord,
  inside,
  numbered,
  type StagedFile,
  type WindowLedger,
  type WindowRecord,
  windowName,
} from '../../shared/migration/index.ts';
import { chunkLines, type ScannedLine } from './chunk-lines.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { judgeLine } from './judge-line.ts';
import { OverlapKeys, overlapKeys, stagingContainer, versionKey } from './overlap.ts';
import { type QuarantinedLine, quarantine } from './quarantine.ts';
import { loadRun } from './run.ts';

export interface StageChunkInput {
  readonly migrationId: string;
  readonly window: number;
  readonly chunk: number;
}

export interface StagedChunk {
  readonly kind: 'staged';
  readonly lines: number;
}

/**
 * Reads the export files of one chunk, finds what the target would refuse, and puts a file of the
 * size that imports fastest into the staging container. Files that need no change are not copied
 * through here: the storage service puts them together itself.
 */
export function createStageChunk(deps: MigrationDependencies) {
  return async (input: StageChunkInput): Promise<StagedChunk> => {
    const { migrationId, window: number, chunk } = input;
    const name = windowName(number);
    const partition = inside(migrationId, name);
    const { orders } = await loadRun(deps.store, migrationId);
    const record = await deps.store.chunks.get(partition, numbered(chunk));
    const window = await deps.store.windows.get(migrationId, numbered(number));
    if (record === undefined || window === undefined) {
      throw new AppError('NOT_FOUND', `${name} of migration ${migrationId} has no chunk ${chunk}`);
    }
    await deps.blobs.ensureContainer(stagingContainer(migrationId));
    const task = new Staging(deps, { migrationId, window, chunk: record });
    const staged = await task.run(orders.plan.overlapSeconds);
    await deps.store.staged.put(partition, numbered(chunk), { chunk, ...staged });
    return {
      kind: 'staged',
      lines: Object.values(staged.ledger).reduce((sum, { exported }) => sum + exported, 0),
    };
  };
}

interface Place {
  readonly migrationId: string;
  readonly window: WindowRecord;
  readonly chunk: ChunkRecord;
}

interface Staged {
  readonly ledger: WindowLedger;
  readonly bytes: number;
  readonly files: readonly StagedFile[];
}

interface Blobs {
  readonly container: string;
  readonly name: string;
  readonly urls: readonly string[];
}

/** One pass over a chunk, and what it found. */
class Staging {
  readonly #deps: MigrationDependencies;
  readonly #place: Place;
  readonly #unfit: QuarantinedLine[] = [];
  #ledger: WindowLedger = {};
  #lines = 0;
  #bytes = 0;
  #longest = 0;

  constructor(deps: MigrationDependencies, place: Place) {
    this.#deps = deps;
    this.#place = place;
  }

  async run(overlapSeconds: number): Promise<Staged> {
    const { migrationId, window, chunk } = this.#place;
    const type = chunk.type ?? '';
    const end = new OverlapKeys(window.till, overlapSeconds);
    const known = await overlapKeys(this.#deps, { migrationId, window: window.number - 1, type });
    const file = await this.#stagedFile((lines) => this.#judge(lines, { end, known }));
    await end.keep(this.#deps, { migrationId, window: window.number, type }, chunk.number);
    await quarantine(this.#deps, {
      migrationId,
      window: window.number,
      step: `chunk-${numbered(chunk.number)}`,
      lines: this.#unfit,
    });
    return { ledger: this.#ledger, bytes: this.#bytes, files: file === undefined ? [] : [file] };
  }

  /** The fit lines of a batch; all of it is counted. */
  #judge(
    lines: readonly ScannedLine[],
    { end, known }: { readonly end: OverlapKeys; readonly known: ReadonlySet<string> },
  ): readonly ScannedLine[] {
    return lines.filter((scanned) => {
      const judged = judgeLine(scanned, this.#place.chunk.type ?? 'Resource');
      const size = scanned.line.bytes.length;
      this.#bytes += size + 1;
      if (judged.kind === 'unfit') {
        this.#unfit.push(judged.line);
        this.#count(judged.resourceType, { exported: 1, quarantined: 1 });
        return false;
      }
      const { version } = judged;
      end.add(version);
      const present = known.has(versionKey(version)) ? 1 : 0;
      this.#count(version.resourceType, { exported: 1, present });
      this.#lines += 1;
      this.#longest = Math.max(this.#longest, size);
      return true;
    });
  }

  #count(type: string, added: Parameters<typeof addToLedger>[2]): void {
    this.#ledger = addToLedger(this.#ledger, type, added);
  }

  /** Puts the files together by the storage service when nothing has to be left out; else writes the fit lines. */
  async #stagedFile(
    judge: (lines: readonly ScannedLine[]) => readonly ScannedLine[],
  ): Promise<StagedFile | undefined> {
    const { blobs } = this.#deps;
    const { migrationId, window, chunk } = this.#place;
    const urls = chunk.files.map(({ url }) => url);
    const container = stagingContainer(migrationId);
    const name = `${windowName(window.number)}/${chunk.type}-${numbered(chunk.number)}.ndjson`;
    let written: WrittenBlob;
    if (urls.every((url) => blobs.owns(url))) {
      for await (const lines of chunkLines(this.#deps, 'source', chunk)) judge(lines);
      if (this.#lines === 0) return undefined;
      written = await this.#fromBlobs({ container, name, urls });
    } else {
      written = await blobs.write(container, name, this.#fitLines(judge));
      if (this.#lines === 0) return undefined;
    }
    const { url, etag, bytes } = written;
    return { type: chunk.type ?? '', url, etag, bytes, lines: this.#lines, longest: this.#longest };
  }

  /** A file that is large enough and needs no change goes into the target as the source wrote it. */
  async #fromBlobs({ container, name, urls }: Blobs): Promise<WrittenBlob> {
    const { blobs } = this.#deps;
    if (this.#unfit.length > 0) {
      const isFit = (line: ScannedLine) => judgeLine(line, '').kind === 'fit';
      const fit = this.#fitLines((lines) => lines.filter(isFit));
      return blobs.write(container, name, fit);
    }
    const [only = ''] = urls;
    const asItIs = urls.length === 1 ? await blobs.find(only) : undefined;
    return asItIs ?? blobs.compose(container, name, urls);
  }

  async *#fitLines(
    choose: (lines: readonly ScannedLine[]) => readonly ScannedLine[],
  ): AsyncGenerator<Buffer> {
    const lineFeed = Buffer.from('\n');
    for await (const lines of chunkLines(this.#deps, 'source', this.#place.chunk)) {
      yield Buffer.concat(choose(lines).flatMap(({ line }) => [line.bytes, lineFeed]));
    }
  }
}
