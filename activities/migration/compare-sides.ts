import { inside, numbered, type ProofRecord, type Side } from '../../shared/migration/index.ts';
import {
  compareDigests,
  createDrillDown,
  type Differences,
  type Digest,
  type DrillDown,
  type DrillDownPass,
  mergeDifferences,
  planDrillDown,
  type ScannedResource,
  subtractDigest,
} from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { keepDifferences } from './differences-file.ts';
import { entriesOf, entryKey } from './proof-entries.ts';
import { loadProof, type ProofInput, proofExtract, wholeDigest } from './proof-files.ts';
import { quarantinedKeys } from './quarantine.ts';

export interface ComparedSides {
  readonly kind: 'compared';
  readonly entries: number;
  readonly differences: number;
}

/**
 * Compares both sides. Where digests differ, only the resources of the differing buckets are read
 * again, a bounded number at a time, and each difference is named.
 */
export function createCompareSides(deps: MigrationDependencies) {
  return async (input: ProofInput): Promise<ComparedSides> => {
    const record = await loadProof(deps.store, input);
    const source = await wholeDigest(deps, input, { of: 'source', record });
    const target = await wholeDigest(deps, input, { of: 'target', record });
    const excepted = await wholeDigest(deps, input, { of: 'excepted', record });
    const expected = subtractDigest(source, excepted);
    const differences = await nameDifferences(deps, input, { expected, target });
    await keepDifferences(deps, input, differences);
    const compared: ProofRecord = {
      ...record,
      comparedAt: deps.now().toISOString(),
      entries: source.count,
      differences: differences.count,
      excepted: excepted.count,
    };
    await deps.store.proofs.put(input.migrationId, numbered(input.proof), compared);
    return { kind: 'compared', entries: source.count, differences: differences.count };
  };
}

async function nameDifferences(
  deps: MigrationDependencies,
  input: ProofInput,
  { expected, target }: { readonly expected: Digest; readonly target: Digest },
): Promise<Differences> {
  if (compareDigests(expected, target).kind === 'equal') return mergeDifferences([]);
  const parts: Differences[] = [];
  for (const pass of planDrillDown(expected, target)) parts.push(await drill(deps, input, pass));
  return mergeDifferences(parts);
}

async function drill(
  deps: MigrationDependencies,
  input: ProofInput,
  pass: DrillDownPass,
): Promise<Differences> {
  const drillDown = createDrillDown(pass);
  const quarantined = await quarantinedKeys(deps, input.migrationId);
  await feed(deps, { ...input, side: 'source', drillDown, pass }, (entry) => {
    drillDown.addSource(entry);
    if (quarantined.has(entryKey(entry))) drillDown.addExcepted(entry);
  });
  await feed(deps, { ...input, side: 'target', drillDown, pass }, (entry) =>
    drillDown.addTarget(entry),
  );
  return drillDown.finish();
}

interface Feeding extends ProofInput {
  readonly side: Side;
  readonly drillDown: DrillDown;
  readonly pass: DrillDownPass;
}

async function feed(
  deps: MigrationDependencies,
  { migrationId, proof, side, drillDown, pass }: Feeding,
  add: (entry: ScannedResource) => void,
): Promise<void> {
  const types = new Set(pass.buckets.map(({ type }) => type));
  const partition = inside(migrationId, proofExtract(proof, side));
  for await (const chunk of deps.store.chunks.each(partition)) {
    if (chunk.type !== null && chunk.type !== '' && !types.has(chunk.type)) continue;
    for await (const entry of entriesOf(deps, side, chunk)) {
      if (drillDown.wants(entry.resourceType, entry.id)) add(entry);
    }
  }
}
