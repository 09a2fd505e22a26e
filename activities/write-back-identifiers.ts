import type { DataverseOperation, Row, Scalar } from '../shared/dataverse/index.ts';
import type { FhirResource, JsonPatchOperation, PatchResult } from '../shared/fhir/index.ts';
import type { OwnWrite } from '../shared/ledger/index.ts';
import type { IdentifierTable } from '../shared/mapping/index.ts';
import type { FailedResource, ResourceEnding } from '../shared/outcomes/index.ts';
import { childRowId, matchKey, refusalProblem } from '../shared/rows/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { identifierPatch } from './identifier-patch.ts';
import { keep, loadBodies, partsOf } from './resources.ts';
import type { WrittenRow } from './upsert-rows.ts';

export interface WriteBackIdentifiersInput {
  readonly rows: readonly WrittenRow[];
}

export interface WriteBackIdentifiersOutput {
  /** Resources that carry their identifier now; with the version that this call wrote, if it wrote one. */
  readonly identified: readonly {
    readonly reference: string;
    readonly identifierVersion?: string;
  }[];
  readonly ended: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
}

/** Rounds of merge and conditional update before a busy resource is left to a later attempt. */
const rounds = 3;

interface Target {
  readonly row: WrittenRow;
  readonly table: IdentifierTable;
  readonly versionId: string;
  readonly patch: readonly JsonPatchOperation[];
}

/**
 * The second round trip (DESIGN §2.6): an identifier row in Dataverse, then the
 * row id as an identifier in FHIR by one conditional patch, remembered as an own
 * write. Nothing is sent for resources that carry the identifier already. A patch
 * leaves every other element exactly as it was, decimals included.
 */
export async function writeBackIdentifiers(
  deps: ActivityDependencies,
  { rows }: WriteBackIdentifiersInput,
): Promise<WriteBackIdentifiersOutput> {
  const output: Output = { identified: [], ended: [], failed: [] };
  const bodies = await loadBodies(deps, rows);
  let open = rows.flatMap(
    (row) => target(deps, { row, body: bodies.get(row.reference), output }) ?? [],
  );
  await seeAlive(deps, rows, output);
  open = await createIdentifierRows(deps, open, output);
  for (let round = 0; round < rounds && open.length > 0; round += 1) {
    const results = await deps.fhir.patch(open.map(patchOf));
    await rememberOwnWrites(deps, open, results);
    const changed = open.filter((item, index) => settle(item, results[index], output));
    open = await mergeAgain(deps, changed, output);
  }
  for (const { row } of open) output.failed.push({ reference: row.reference, step: 'identifier' });
  return output;
}

interface Output {
  readonly identified: { reference: string; identifierVersion?: string }[];
  readonly ended: ResourceEnding[];
  readonly failed: FailedResource[];
}

interface Candidate {
  readonly row: WrittenRow;
  readonly body: FhirResource | undefined;
  readonly output: Output;
  readonly versionId?: string;
}

/** What has to be patched, or undefined when the resource carries its identifier or has no place for one. */
function target(deps: ActivityDependencies, candidate: Candidate): Target | undefined {
  const { row, body, output } = candidate;
  const root = deps.pack.roots.get(partsOf(row.reference).resourceType);
  if (root?.identifierTable === undefined) {
    output.identified.push({ reference: row.reference });
    return undefined;
  }
  if (body === undefined) {
    output.failed.push({ reference: row.reference, step: 'reading the body again' });
    return undefined;
  }
  const table = root.identifierTable;
  const patch = identifierPatch(body, { system: table.system, value: row.rowId });
  if (patch.length > 0)
    return { row, table, patch, versionId: candidate.versionId ?? row.versionId };
  output.identified.push({ reference: row.reference });
  return undefined;
}

/**
 * A row that was made or revived just now for a resource that needs no patch has not been
 * held against FHIR since it was read. If the resource was deleted meanwhile, the
 * row must not stay: another attempt removes it.
 */
async function seeAlive(
  { fhir }: ActivityDependencies,
  rows: readonly WrittenRow[],
  output: Output,
): Promise<void> {
  const unpatched = new Set(output.identified.map(({ reference }) => reference));
  const unseen = rows.filter(
    ({ reference, created, revived }) => (created || revived) && unpatched.has(reference),
  );
  if (unseen.length === 0) return;
  const read = await fhir.readCurrent(unseen.map(({ reference }) => partsOf(reference)));
  for (const [index, { reference }] of unseen.entries()) {
    if (read[index]?.kind !== 'current') output.failed.push({ reference, step: 'seeing it alive' });
  }
}

const patchOf = ({ row, versionId, patch }: Target) => ({
  reference: partsOf(row.reference),
  versionId,
  operations: patch,
});

async function createIdentifierRows(
  deps: ActivityDependencies,
  targets: readonly Target[],
  output: Output,
): Promise<Target[]> {
  if (targets.length === 0) return [];
  const answers = await deps.dataverse.execute(targets.map(identifierRow));
  return targets.filter(({ row }, index) => {
    const answer = answers[index];
    if (answer?.kind === 'written' || answer?.kind === 'conflict') return true;
    const { reference, versionId } = row;
    const root = deps.pack.roots.get(partsOf(reference).resourceType);
    if (answer?.kind === 'refused') {
      const problem = refusalProblem(answer, root?.name ?? '');
      output.ended.push({ reference, versionId, kind: 'rejected', problem });
    } else {
      output.failed.push({ reference, step: 'identifier row' });
    }
    return false;
  });
}

/** The row that the expansion map will want when it reads the identifier from FHIR, so that it finds it as it is. */
function identifierRow({ row, table }: Target): DataverseOperation {
  const { expansion, system, systemColumn, valueColumn } = table;
  const { resourceType } = partsOf(row.reference);
  const [mapped] = expansion.expand({ resourceType, identifier: [{ system, value: row.rowId }] });
  const scalars = Object.entries(mapped?.values ?? {}).filter(
    (entry): entry is [string, Scalar] => entry[1] === null || typeof entry[1] !== 'object',
  );
  const values: Row = {
    ...Object.fromEntries(scalars),
    [systemColumn]: system,
    [valueColumn]: row.rowId,
  };
  return {
    kind: 'create',
    table: expansion.table,
    id: childRowId(expansion, row.rowId, matchKey(expansion, values)),
    row: {
      ...values,
      [expansion.parentColumn]: { lookup: { table: expansion.parentTable, id: row.rowId } },
    },
  };
}

async function rememberOwnWrites(
  { ledger, now }: ActivityDependencies,
  targets: readonly Target[],
  results: readonly PatchResult[],
): Promise<void> {
  const at = now().toISOString();
  const writes = targets.flatMap(({ row, versionId }, index): readonly OwnWrite[] => {
    const result = results[index];
    if (result?.kind !== 'patched') return [];
    return [
      { ...partsOf(row.reference), versionId: result.versionId, baseVersionId: versionId, at },
    ];
  });
  await ledger.ownWrites.record(writes);
}

/** Notes the ending of one patch; true when the resource changed meanwhile and has to be merged again. */
function settle({ row }: Target, result: PatchResult | undefined, output: Output): boolean {
  const { reference, versionId } = row;
  switch (result?.kind) {
    case 'patched':
      output.identified.push({ reference, identifierVersion: result.versionId });
      return false;
    case 'changed':
      return true;
    case 'refused':
      output.ended.push({
        reference,
        versionId,
        kind: 'rejected',
        problem: {
          cause: 'fhir-refused',
          code: String(result.status),
          path: '$.identifier',
          remedy: `FHIR refused the identifier (${result.issue}). See that the service allows patches of this type.`,
        },
      });
      return false;
    default:
      output.failed.push({ reference, step: 'writing the identifier', ...waitOf(result) });
      return false;
  }
}

async function mergeAgain(
  deps: ActivityDependencies,
  targets: readonly Target[],
  output: Output,
): Promise<Target[]> {
  if (targets.length === 0) return [];
  const read = await deps.fhir.readCurrent(targets.map(({ row }) => partsOf(row.reference)));
  return targets.flatMap(({ row }, index) => {
    const result = read[index];
    if (result?.kind !== 'current') {
      output.failed.push({ reference: row.reference, step: 'writing the identifier' });
      return [];
    }
    keep(deps.versions, result);
    const { resource: body, versionId } = result;
    return target(deps, { row, body, output, versionId }) ?? [];
  });
}

function waitOf(result: PatchResult | undefined): { readonly retryAfterSeconds?: number } {
  return result?.kind === 'failed' && result.retryAfterSeconds !== undefined
    ? { retryAfterSeconds: result.retryAfterSeconds }
    : {};
}
