import { inside, numbered, windowName } from '../../shared/migration/index.ts';
import type { Difference } from '../../shared/proof/index.ts';
import { recordBatch } from './batch.ts';
import type { MigrationDependencies } from './dependencies.ts';
import { readDifferences } from './differences-file.ts';
import { linesWithEntries } from './proof-entries.ts';
import { type ProofInput, proofExtract } from './proof-files.ts';
import { loadRun, saveRun } from './run.ts';
import { stageLines } from './stage-lines.ts';

/**
 * Mends what loses nothing: versions that the target lacks are loaded again, and resources that
 * the source no longer has are deleted in the target, hard where the source has no trace of them.
 * Contents that differ are left to a person: somebody has written to the target.
 * @returns how many differences are dealt with
 */
export async function mendDifferences(
  deps: MigrationDependencies,
  input: ProofInput,
): Promise<number> {
  const { listed } = await readDifferences(deps, input);
  const deleted = await deleteExtra(deps, input, listed);
  const lacking = listed.filter(({ kind }) => kind === 'missing' || kind === 'undeleted');
  return deleted + (await loadLacking(deps, input, lacking));
}

const referenceOf = ({ resourceType, id }: Difference): string => `${resourceType}/${id}`;

/** Hard deletes leave no trace in an export: a resource that only the target has was deleted so. */
async function deleteExtra(
  { ends, store, now }: MigrationDependencies,
  { migrationId }: ProofInput,
  listed: readonly Difference[],
): Promise<number> {
  const extra = listed.filter(({ kind }) => kind === 'extra');
  let deleted = 0;
  for (const reference of new Set(extra.map(referenceOf))) {
    const { kind } = await ends.source.service.standing(reference);
    if (kind === 'found') continue;
    const hard = kind === 'missing';
    await ends.target.service.remove(reference, { hard });
    await store.repairs.put(migrationId, `deleted!${reference}`, {
      kind: hard ? 'hard-deleted' : 'deleted',
      reference,
      versionId: null,
      detail: 'deleted in the source',
      at: now().toISOString(),
    });
    deleted += 1;
  }
  return deleted;
}

/** A window of its own, which is imported and accounted for like every other. */
async function loadLacking(
  deps: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  lacking: readonly Difference[],
): Promise<number> {
  if (lacking.length === 0) return 0;
  const { run } = await loadRun(deps.store, migrationId);
  const window = run.windows + 1;
  const lines = await linesOf(deps, { migrationId, proof }, lacking);
  const staged = await stageByType(deps, { migrationId, window, lines });
  const at = deps.now().toISOString();
  const partition = inside(migrationId, windowName(window));
  const ledger = Object.fromEntries(
    [...lines].map(([type, some]) => [
      type,
      { exported: some.length, loaded: 0, present: 0, quarantined: 0 },
    ]),
  );
  const bytes = staged.reduce((sum, file) => sum + file.bytes, 0);
  await deps.store.staged.put(partition, numbered(1), { chunk: 1, ledger, bytes, files: staged });
  await recordBatch(deps, { migrationId, window, batch: '1', files: staged, depth: 0 });
  const instant = run.frozenAt ?? at;
  await deps.store.windows.put(migrationId, numbered(window), {
    number: window,
    since: run.begin ?? instant,
    till: instant,
    state: 'importing',
    expected: lacking.length,
    batches: 1,
    ledger,
    bytes,
    startedAt: at,
    closedAt: null,
  });
  await saveRun(deps.store, { ...run, windows: window });
  return lacking.length;
}

type LinesByType = ReadonlyMap<string, readonly Buffer[]>;

/** All versions of these resources: which of them the target holds is its own business to tell. */
async function linesOf(
  deps: MigrationDependencies,
  { migrationId, proof }: ProofInput,
  lacking: readonly Difference[],
): Promise<LinesByType> {
  const wanted = new Set(lacking.map(referenceOf));
  const types = new Set(lacking.map(({ resourceType }) => resourceType));
  const found = new Map<string, Buffer[]>();
  const partition = inside(migrationId, proofExtract(proof, 'source'));
  for await (const chunk of deps.store.chunks.each(partition)) {
    if (chunk.type !== null && chunk.type !== '' && !types.has(chunk.type)) continue;
    for await (const { entry, line } of linesWithEntries(deps, 'source', chunk)) {
      if (!wanted.has(`${entry.resourceType}/${entry.id}`)) continue;
      const some = found.get(entry.resourceType) ?? [];
      some.push(Buffer.from(line));
      found.set(entry.resourceType, some);
    }
  }
  return found;
}

async function stageByType(
  deps: MigrationDependencies,
  {
    migrationId,
    window,
    lines,
  }: {
    readonly migrationId: string;
    readonly window: number;
    readonly lines: LinesByType;
  },
) {
  const files = [];
  for (const [type, some] of lines) {
    const name = `${windowName(window)}/${type}-mended`;
    files.push(...(await stageLines(deps, { migrationId, type, name, lines: some })));
  }
  return files;
}
