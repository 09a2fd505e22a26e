import type { FhirResource } from '../shared/fhir/index.ts';
import type { MapProblem, RootMap } from '../shared/mapping/index.ts';
import type { FailedResource, Problem, ResourceEnding } from '../shared/outcomes/index.ts';
import {
  type CirclesOf,
  mapResource,
  type RowDraft,
  type RowResult,
  writeRows,
} from '../shared/rows/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { endlessWaits } from './endless-waits.ts';
import { type CurrentResource, loadBodies, partsOf } from './resources.ts';

export interface UpsertRowsInput {
  readonly resources: readonly CurrentResource[];
}

/** A resource whose root row shows its version now. */
export interface WrittenRow extends CurrentResource {
  readonly table: string;
  readonly rowId: string;
  readonly created: boolean;
  readonly revived?: boolean;
  readonly outcome: 'applied' | 'unchanged';
}

/** One expansion map and the resources whose child rows it has to bring in line. */
export interface ExpansionTask {
  readonly expansion: string;
  readonly resourceType: string;
  readonly references: readonly string[];
}

export interface UpsertRowsOutput {
  readonly written: readonly WrittenRow[];
  readonly expansions: readonly ExpansionTask[];
  /** Resources that have a row now and that changes wait for. */
  readonly awaited: readonly string[];
  readonly ended: readonly ResourceEnding[];
  readonly failed: readonly FailedResource[];
}

/** Brings the root rows of these versions into Dataverse (DESIGN §2.4). */
export async function upsertRows(
  deps: ActivityDependencies,
  { resources }: UpsertRowsInput,
): Promise<UpsertRowsOutput> {
  const bodies = await loadBodies(deps, resources);
  const drafts: RowDraft[] = [];
  const ended: ResourceEnding[] = [];
  const failed: FailedResource[] = [];
  for (const resource of resources) {
    const body = bodies.get(resource.reference);
    const root = deps.pack.roots.get(partsOf(resource.reference).resourceType);
    if (body === undefined || root === undefined) {
      failed.push({ reference: resource.reference, step: 'reading the body again' });
      continue;
    }
    const drafted = draft(resource, root, body);
    if ('kind' in drafted) ended.push(drafted);
    else drafts.push(drafted);
  }
  const results = await writeRows(deps, drafts, circlesIn(deps));
  const awaited = await awaitedOf(deps, results);
  const written: WrittenRow[] = [];
  for (const result of results) sort(result, { written, ended, failed });
  return { written, expansions: expansionTasks(deps, written, bodies), awaited, ended, failed };
}

/**
 * Asked for every row that is there, not only for those made just now: an attempt
 * that made the row and was cut short would leave its waiters behind.
 */
async function awaitedOf(
  { ledger }: ActivityDependencies,
  results: readonly RowResult[],
): Promise<readonly string[]> {
  const present = results.filter((result) => hasRow(result)).map(({ reference }) => reference);
  const waiters = present.length > 0 ? await ledger.parked.waitingFor(present) : [];
  return [...new Set(waiters.map(({ waitingFor }) => waitingFor))];
}

function hasRow(result: RowResult): boolean {
  if (result.kind === 'parked') return result.hasRow;
  return result.kind !== 'rejected' && result.kind !== 'failed';
}

function draft(
  resource: CurrentResource,
  root: RootMap,
  body: FhirResource,
): RowDraft | ResourceEnding {
  const { reference, versionId, lastUpdated } = resource;
  const mapped = mapResource(root, body);
  const [problem] = mapped.problems;
  if (problem !== undefined) {
    return { reference, versionId, kind: 'rejected', problem: mappingProblem(problem) };
  }
  const { id } = partsOf(reference);
  return { reference, id, versionId, lastUpdated, root, values: mapped.values };
}

/** Which attribute of which map does not fit; the value itself is never told. */
export function mappingProblem({ map, column, path, code, problem }: MapProblem): Problem {
  return {
    cause: 'mapping',
    code,
    map,
    column,
    path,
    remedy: `${problem}. Correct the resource in FHIR, or the map (docs/maps.md), then redrive.`,
  };
}

/** What must not be waited for: a draft that is awaited by what it awaits, over any number of steps. */
function circlesIn({ ledger }: ActivityDependencies): CirclesOf {
  return async (parked) => {
    const circular = await endlessWaits(ledger.parked, parked);
    return new Map(circular.map(({ reference, waitingFor }) => [reference, new Set([waitingFor])]));
  };
}

interface Sorted {
  readonly written: WrittenRow[];
  readonly ended: ResourceEnding[];
  readonly failed: FailedResource[];
}

function sort(result: RowResult, { written, ended, failed }: Sorted): void {
  const { reference } = result;
  switch (result.kind) {
    case 'written':
    case 'unchanged': {
      const { kind, awaits, ...row } = result;
      written.push({ ...row, outcome: kind === 'written' ? 'applied' : 'unchanged' });
      if (awaits !== undefined) ended.push({ reference, kind: 'parked', waitingFor: [awaits] });
      return;
    }
    case 'superseded':
      ended.push({ reference, kind: 'superseded', versionId: result.byVersionId });
      return;
    case 'parked':
      ended.push({ reference, kind: 'parked', waitingFor: [result.waitingFor] });
      return;
    case 'rejected':
      ended.push({ reference, kind: 'rejected', problem: result.problem });
      return;
    case 'failed':
      failed.push(result);
  }
}

/**
 * The expansion maps that have something to do. A row made just now has no
 * children to remove, so a map without items for it can be left out; any other
 * row is always compared, because an earlier attempt may have been cut short.
 */
function expansionTasks(
  { pack }: ActivityDependencies,
  written: readonly WrittenRow[],
  bodies: ReadonlyMap<string, FhirResource>,
): readonly ExpansionTask[] {
  return [...pack.roots.values()].flatMap((root) => {
    const rows = written.filter(({ reference }) => reference.startsWith(`${root.resourceType}/`));
    return root.expansions.flatMap((expansion) => {
      const references = rows
        .filter(({ reference, created }) => {
          const body = bodies.get(reference);
          return !created || (body !== undefined && expansion.expand(body).length > 0);
        })
        .map(({ reference }) => reference);
      if (references.length === 0) return [];
      return [{ expansion: expansion.name, resourceType: root.resourceType, references }];
    });
  });
}
