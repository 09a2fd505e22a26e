import { type ProofRecord, sumLedgers, type WindowRecord } from '../../shared/migration/index.ts';
import { closurePasses, defaultBuckets } from '../../shared/proof/index.ts';
import type { Run } from './run.ts';

/** Windows that digests are parted by; more are put together, so that a digest keeps a bounded size. */
const mostBoundaries = 60;

/** Versions of the fullest type above which buckets of the usual size hold too much to name a difference from. */
const manyVersions = 20_000_000;

/** What the ids of one partition may take, in bytes: about a million of them. */
const partitionBytes = 48 * 1024 * 1024;

/** How finely a proof is parted, by what the windows have brought. */
export function sizeOfProof(
  loaded: Run,
  windows: readonly WindowRecord[],
): Pick<ProofRecord, 'boundaries' | 'buckets' | 'partitions'> {
  const ledger = sumLedgers(windows.map((window) => window.ledger));
  const sizes = Object.values(ledger).map(({ exported }) => exported);
  const boundaries = loaded.run.bulkImport ? boundariesOf(windows) : [];
  const usual = defaultBuckets(boundaries.length + 1);
  return {
    boundaries,
    buckets: Math.max(usual, Math.max(0, ...sizes) > manyVersions ? 1_024 : 0),
    partitions: partitionsOf(
      loaded,
      sizes.reduce((sum, size) => sum + size, 0),
    ),
  };
}

function boundariesOf(windows: readonly WindowRecord[]): readonly string[] {
  const ends = [...new Set(windows.map(({ till }) => till))].sort().slice(0, -1);
  const step = Math.ceil(ends.length / mostBoundaries);
  return ends.filter((_, index) => index % Math.max(1, step) === 0);
}

/** Whether references hold can be told where everything was moved, or whole types of it. */
function partitionsOf({ orders: { plan } }: Run, versions: number): number {
  if (plan.from !== null || plan.till !== null) return 0;
  return closurePasses(versions, { maxBytes: partitionBytes });
}
