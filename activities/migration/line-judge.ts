import {
  addToLedger,
  ordered,
  referenceHash,
  VersionKeyWriter,
  type WindowLedger,
} from '../../shared/migration/index.ts';
import type { ScannedLine } from './chunk-lines.ts';
import { judgeLine, type Version } from './judge-line.ts';
import { type Move, type MovedVersions, moveLine } from './moved-versions.ts';
import { type OverlapKeys, versionKey } from './overlap.ts';
import type { QuarantinedLine } from './quarantine.ts';
import { type ChunkMends, moveKey } from './window-mends.ts';

/** Versions of one millisecond that one import operation is given (facts/migration.md §2.2). */
export const mostPerMillisecond = 10_000;

/** Types that `$import` refuses; they are carried over by themselves. */
export const carriedApart: readonly string[] = ['SearchParameter'];

export interface JudgeOptions {
  /** Named where a line does not say its type. */
  readonly type: string;
  /** Versions that the window before brought already. */
  readonly known: ReadonlySet<string>;
  /** Versions that were moved before. */
  readonly moved: MovedVersions;
  readonly mends: ChunkMends;
  /** Takes the versions of the last stretch. */
  readonly end: OverlapKeys | undefined;
}

/** What the lines of a file came to whose every line goes into the target as it is. */
export interface PlainLines {
  readonly ledger: WindowLedger;
  readonly bytes: number;
  readonly lines: number;
  readonly longest: number;
  /** Of all versions, as `VersionKeyWriter` gives them out. */
  readonly keys: Buffer;
  /** Versions of the last stretch. */
  readonly end: readonly string[];
}

/** A line on its way into a file for import. */
export interface PlacedLine {
  readonly bytes: Buffer;
  readonly layer: number;
}

interface Layer {
  lines: number;
  longest: number;
}

interface LastVersion {
  readonly version: Pick<Version, 'versionId' | 'lastUpdated'>;
  readonly order: ReturnType<typeof ordered>;
}

interface Counts {
  exported: number;
  present: number;
  quarantined: number;
}

/** Goes through the lines of a chunk once: which are fit, what is done to them, and the books of it. */
export class LineJudge {
  readonly unfit: QuarantinedLine[] = [];
  readonly moves: Move[] = [];
  /** Tombstones of what is carried apart. */
  readonly deletes: string[] = [];
  readonly keys = new VersionKeyWriter();
  readonly layers: Layer[] = [];
  bytes = 0;
  /** Every line is fit, and as it was: the files can be put together as they are. */
  isPlain = true;
  readonly #options: JudgeOptions;
  readonly #moves: ReadonlyMap<string, number>;
  readonly #crowded: Map<number, number>;
  readonly #counts = new Map<string, Counts>();
  #last: LastVersion = { version: { versionId: null, lastUpdated: null }, order: undefined };

  constructor(options: JudgeOptions) {
    this.#options = options;
    const { moves, crowded } = options.mends;
    this.#moves = new Map(
      moves.map(([high, low, version, at]) => [moveKey({ high, low, version }), at]),
    );
    this.#crowded = new Map(crowded);
  }

  get ledger(): WindowLedger {
    let ledger: WindowLedger = {};
    for (const [type, counts] of this.#counts) ledger = addToLedger(ledger, type, counts);
    return ledger;
  }

  take(scanned: ScannedLine): PlacedLine | undefined {
    this.bytes += scanned.line.bytes.length + 1;
    const judged = judgeLine(scanned, this.#options.type);
    if (judged.kind === 'unfit') return this.#leaveOut(judged.resourceType, judged.line);
    const { version } = judged;
    if (carriedApart.includes(version.resourceType)) return this.#carryApart(scanned, version);
    const { end, known } = this.#options;
    end?.add(version);
    const present = known.size > 0 && known.has(versionKey(version));
    const { bytes, at } = this.#mended(scanned, version, present);
    if (bytes === undefined) {
      const reference = `${version.resourceType}/${version.id}`;
      const { versionId } = version;
      return this.#leaveOut(version.resourceType, {
        ...{ bytes: Buffer.from(scanned.line.bytes), reference, versionId },
        cause: 'version-conflict',
      });
    }
    const counts = this.#countsOf(version.resourceType);
    counts.exported += 1;
    if (present) counts.present += 1;
    return this.#place(bytes, at);
  }

  /** Undefined when not all lines are plain. */
  get plainLines(): PlainLines | undefined {
    const [layer, ...others] = this.layers;
    if (!this.isPlain || layer === undefined || others.length > 0) return undefined;
    const { ledger, bytes } = this;
    return { ledger, bytes, ...layer, keys: this.keys.bytes(), end: this.#options.end?.keys ?? [] };
  }

  /** Takes lines that another judge found plain, under the same options. */
  takePlain({ ledger, bytes, lines, longest, keys, end }: PlainLines): void {
    this.bytes += bytes;
    for (const [type, { exported, present }] of Object.entries(ledger)) {
      const counts = this.#countsOf(type);
      counts.exported += exported;
      counts.present += present;
    }
    this.keys.addAll(keys);
    this.#options.end?.addAll(end);
    const layer = this.#layer(0);
    layer.lines += lines;
    layer.longest = Math.max(layer.longest, longest);
  }

  #layer(number: number): Layer {
    const layer = this.layers[number] ?? { lines: 0, longest: 0 };
    this.layers[number] = layer;
    return layer;
  }

  /** Versions of one instant follow each other: it is read once. */
  #ordered({ versionId, lastUpdated }: Version) {
    const { version } = this.#last;
    if (versionId !== version.versionId || lastUpdated !== version.lastUpdated) {
      this.#last = { version: { versionId, lastUpdated }, order: ordered(versionId, lastUpdated) };
    }
    return this.#last.order;
  }

  /** The line with the instant that it is to have; no bytes when that cannot be written. */
  #mended({ line }: ScannedLine, version: Version, present: boolean) {
    const { resourceType, id, versionId, lastUpdated } = version;
    const order = this.#ordered(version);
    if (order === undefined || lastUpdated === null || versionId === null) {
      return { bytes: line.bytes, at: undefined };
    }
    const { moved } = this.#options;
    // Nearly always nothing was moved, nor is to be: no text is made for nothing.
    const before = moved.size === 0 ? undefined : moved.get(`${resourceType}/${id}/${versionId}`);
    const { high, low } = referenceHash(resourceType, '/', id);
    const key = { high, low, version: order.version };
    const at = before === undefined ? order.at : Date.parse(before);
    this.keys.add({ ...key, at, pinned: present || before !== undefined });
    const to = this.#moves.size === 0 ? at : (this.#moves.get(moveKey(key)) ?? at);
    if (to === order.at) return { bytes: line.bytes, at: to };
    this.isPlain = false;
    const change = { from: lastUpdated, to: new Date(to).toISOString() };
    if (before === undefined) {
      this.moves.push({ reference: `${resourceType}/${id}`, versionId, ...change });
    }
    return { bytes: moveLine(line.bytes, change), at: to };
  }

  #place(bytes: Buffer, at: number | undefined): PlacedLine {
    const index = at === undefined ? undefined : this.#crowded.get(at);
    const number = index === undefined ? 0 : Math.floor(index / mostPerMillisecond);
    if (at !== undefined && index !== undefined) this.#crowded.set(at, index + 1);
    if (number > 0) this.isPlain = false;
    const layer = this.#layer(number);
    layer.lines += 1;
    layer.longest = Math.max(layer.longest, bytes.length);
    return { bytes, layer: number };
  }

  #leaveOut(type: string, line: QuarantinedLine): undefined {
    this.isPlain = false;
    this.unfit.push(line);
    const counts = this.#countsOf(type);
    counts.exported += 1;
    counts.quarantined += 1;
  }

  #carryApart({ scan }: ScannedLine, { resourceType, id }: Version): undefined {
    this.isPlain = false;
    if (scan.kind === 'resource' && scan.softDeleted) this.deletes.push(`${resourceType}/${id}`);
    this.#countsOf(resourceType).exported += 1;
  }

  #countsOf(type: string): Counts {
    const known = this.#counts.get(type);
    if (known !== undefined) return known;
    const counts = { exported: 0, present: 0, quarantined: 0 };
    this.#counts.set(type, counts);
    return counts;
  }
}
