import type { ProofRecord, Side } from '../../shared/migration/index.ts';
import { numbered } from '../../shared/migration/index.ts';
import { closurePassOf, referenceTarget, type ScannedResource } from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { ProofInput } from './proof-files.ts';
import { type SectionedFiles, SectionWriter } from './sectioned-files.ts';

/** Removed with the rest of the staging: what it came to is in the certificate. */
export const referencesContainer = (migrationId: string): string => `fds-${migrationId}-references`;

/** One version of a resource, as the check of references sees it. */
export interface ReferenceRow {
  /** `Type/id` */
  readonly from: string;
  readonly at: number;
  readonly version: number;
  readonly deleted: boolean;
  /** References that point out of the service, or at what is not moved. */
  readonly elsewhere: number;
  /** `Type/id` of those that point at a resource of the service. */
  readonly to: readonly string[];
}

/** Rows of one side, in sections by what they are of. */
export const rowFiles = (
  { migrationId, proof }: ProofInput,
  { side, partitions }: { readonly side: Side; readonly partitions: number },
): SectionedFiles => ({
  container: referencesContainer(migrationId),
  prefix: `proof-${proof}/rows/${side}/`,
  sections: partitions,
});

export interface RowsOfChunk extends ProofInput {
  readonly side: Side;
  readonly chunk: number;
  readonly record: ProofRecord;
  /** Types that are moved; all when empty. */
  readonly types: readonly string[];
}

/** Writes a row for each version of a chunk; nothing when references are not checked. */
export class ReferenceRows {
  readonly #writer: SectionWriter;
  readonly #partitions: number;
  readonly #types: ReadonlySet<string>;
  readonly #bases: readonly string[];

  constructor(deps: MigrationDependencies, chunk: RowsOfChunk) {
    const { side, record } = chunk;
    const files = rowFiles(chunk, { side, partitions: record.partitions });
    const prefix = `${files.prefix}${numbered(chunk.chunk)}-`;
    this.#writer = new SectionWriter(deps, { ...files, prefix });
    this.#partitions = record.partitions;
    this.#types = new Set(chunk.types);
    this.#bases = [deps.ends.source.service.url, deps.ends.target.service.url].map((url) =>
      url.replace(/\/+$/, ''),
    );
  }

  async addAll(entries: readonly ScannedResource[]): Promise<void> {
    if (this.#partitions === 0) return;
    for (const entry of entries) if (this.#add(entry)) await this.#writer.flush();
  }

  #add(entry: ScannedResource): boolean {
    const from = `${entry.resourceType}/${entry.id}`;
    const to = this.#targetsOf(entry.references);
    const row: ReferenceRow = {
      from,
      at: entry.lastUpdated === undefined ? 0 : Date.parse(entry.lastUpdated),
      version: Number(entry.versionId ?? 0) || 0,
      deleted: entry.deleted,
      elsewhere: entry.references.length - to.length,
      to,
    };
    return this.#writer.add(closurePassOf(from, this.#partitions), textOf(row));
  }

  flush(): Promise<void> {
    return this.#writer.flush();
  }

  #targetsOf(references: readonly string[]): readonly string[] {
    return references
      .map((reference) => referenceTarget(reference, this.#bases))
      .filter((to) => to !== undefined)
      .filter((to) => this.#types.size === 0 || this.#types.has(to.slice(0, to.indexOf('/'))));
  }
}

const textOf = ({ from, at, version, deleted, elsewhere, to }: ReferenceRow): string =>
  [from, at, version, deleted ? 1 : 0, elsewhere, ...to].join(' ');

/** Reads what `ReferenceRows` wrote. */
export function rowOf(text: string): ReferenceRow {
  const [from = '', at, version, deleted, elsewhere, ...to] = text.split(' ');
  return {
    from,
    at: Number(at),
    version: Number(version),
    deleted: deleted === '1',
    elsewhere: Number(elsewhere),
    to,
  };
}
