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
  subtractDigest,
  type VersionEntry,
} from '../../shared/proof/index.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { keepAllDifferences, keepDifferences } from './differences-file.ts';
import { movedVersions } from './moved-versions.ts';
import { entriesOf, entryKey } from './proof-entries.ts';
import { loadProof, type ProofInput, proofExtract, wholeDigest } from './proof-files.ts';
import { searchParameterEntries } from './proof-search-parameters.ts';
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
  for (const [index, pass] of planDrillDown(expected, target).entries()) {
    const all = await drill(deps, input, pass);
    await keepAllDifferences(deps, input, { pass: index + 1, listed: all.listed });
    parts.push(mergeDifferences([all]));
  }
  return mergeDifferences(parts);
}

async function drill(
  deps: MigrationDependencies,
  input: ProofInput,
  pass: DrillDownPass,
): Promise<Differences> {
  const drillDown = createDrillDown(pass, { cap: Number.MAX_SAFE_INTEGER });
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
  add: (entry: VersionEntry) => void,
): Promise<void> {
  const types = new Set(pass.buckets.map(({ type }) => type));
  const addWanted = (entries: readonly VersionEntry[]): void => {
    for (const entry of entries) if (drillDown.wants(entry.resourceType, entry.id)) add(entry);
  };
  addWanted(await searchParameterEntries(deps, { migrationId, proof }, side));
  const partition = inside(migrationId, proofExtract(proof, side));
  const moved = side === 'source' ? await movedVersions(deps, migrationId) : new Map();
  for await (const chunk of deps.store.chunks.each(partition)) {
    if (chunk.type !== null && chunk.type !== '' && !types.has(chunk.type)) continue;
    for await (const entries of entriesOf(deps, { side, chunk, moved })) addWanted(entries);
  }
}
