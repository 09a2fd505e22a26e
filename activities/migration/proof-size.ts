import { type ProofRecord, sumLedgers, type WindowRecord } from '../../shared/migration/index.ts';
import { closurePasses } from '../../shared/proof/index.ts';
import type { Run } from './run.ts';

/** Windows that digests are parted by; more are put together, so that a digest keeps a bounded size. */
const mostBoundaries = 60;

/**
 * Of a type with more versions than this, the buckets of so many windows would hold too much to
 * name a difference from: fewer windows have more buckets each (`defaultBuckets`).
 */
const manyVersions = 20_000_000;
const fewBoundaries = 31;

/** What the ids of one partition may take, in bytes: about half a million of them. */
const partitionBytes = 24 * 1024 * 1024;

/** How finely a proof is parted, by what the windows have brought. */
export function sizeOfProof(
  loaded: Run,
  windows: readonly WindowRecord[],
): Pick<ProofRecord, 'boundaries' | 'partitions'> {
  const ledger = sumLedgers(windows.map((window) => window.ledger));
  const sizes = Object.values(ledger).map(({ exported }) => exported);
  const most = Math.max(0, ...sizes) > manyVersions ? fewBoundaries : mostBoundaries;
  return {
    boundaries: loaded.run.bulkImport ? boundariesOf(windows, most) : [],
    partitions: partitionsOf(
      loaded,
      sizes.reduce((sum, size) => sum + size, 0),
    ),
  };
}

function boundariesOf(windows: readonly WindowRecord[], most: number): readonly string[] {
  const ends = [...new Set(windows.map(({ till }) => till))].sort().slice(0, -1);
  const step = Math.ceil(ends.length / most);
  return ends.filter((_, index) => index % Math.max(1, step) === 0);
}

/** Whether references hold can be told where everything was moved, or whole types of it. */
function partitionsOf({ orders: { plan } }: Run, versions: number): number {
  if (plan.from !== null || plan.till !== null) return 0;
  return closurePasses(versions, { maxBytes: partitionBytes });
}
