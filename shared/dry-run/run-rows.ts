import {
  type ExpandedRow,
  type ExpansionMap,
  type FhirResource,
  type MapProblem,
  type RootMap,
  withRowsBelow,
} from '../mapping/index.ts';
import {
  childrenOf,
  mapResource,
  planChildTrees,
  type RowDraft,
  type RowReader,
  type RowResult,
  resolveTrees,
  type TreeCounts,
  writeRows,
} from '../rows/index.ts';

export interface ChildForecast {
  readonly expansion: string;
  readonly table: string;
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
}

/** What became of one resource: its root row, its child rows, or why not. */
export interface RowRun {
  readonly reference: string;
  readonly root: RootMap;
  readonly result: RowResult | { readonly kind: 'unmappable' };
  readonly problems: readonly MapProblem[];
  readonly children: readonly ChildForecast[];
}

export type VersionOf = (resource: FhirResource) => {
  readonly versionId: string;
  readonly lastUpdated: string;
};

/**
 * Brings root and child rows of these resources in line by the same decisions as
 * change sync: map, compare, write, expand. Consent and the identifier
 * write-back are not part of it. Resources without a root map are left out.
 */
export async function runRows(
  reader: RowReader,
  resources: readonly FhirResource[],
  versionOf: VersionOf = ownVersion,
): Promise<readonly RowRun[]> {
  const mapped = resources.flatMap((resource) => {
    const root = reader.pack.roots.get(resource.resourceType);
    if (root === undefined || resource.id === undefined) return [];
    const row = mapResource(root, resource);
    const reference = `${resource.resourceType}/${resource.id}`;
    return [{ resource, root, row, reference, id: resource.id }];
  });
  const drafts = mapped
    .filter(({ row }) => row.problems.length === 0)
    .map(
      ({ resource, root, row, reference, id }): RowDraft => ({
        ...{ reference, id, root, values: row.values },
        ...versionOf(resource),
      }),
    );
  const results = await writeRows(reader, drafts, async () => new Map());
  const byReference = new Map(results.map((result) => [result.reference, result]));
  const runs: RowRun[] = [];
  for (const { resource, root, row, reference } of mapped) {
    const result = byReference.get(reference) ?? ({ kind: 'unmappable' } as const);
    const expanded = await expandAll(reader, { resource, root, result });
    const problems = [...row.problems, ...expanded.problems];
    runs.push({ reference, root, result, problems, children: expanded.children });
  }
  return runs;
}

const ownVersion: VersionOf = ({ meta }) => ({
  versionId: meta?.versionId ?? '1',
  lastUpdated: meta?.lastUpdated ?? '1970-01-01T00:00:00Z',
});

interface Expanded {
  readonly children: readonly ChildForecast[];
  readonly problems: readonly MapProblem[];
}

async function expandAll(
  reader: RowReader,
  { resource, root, result }: { resource: FhirResource; root: RootMap; result: RowRun['result'] },
): Promise<Expanded> {
  if (result.kind !== 'written' && result.kind !== 'unchanged')
    return { children: [], problems: [] };
  const children: ChildForecast[] = [];
  const problems: MapProblem[] = [];
  for (const expansion of root.expansions) {
    const rows = childrenOf(root, expansion, resource);
    if (result.created && rows.length === 0) continue;
    const found = withRowsBelow(rows).flatMap((row) => row.problems);
    problems.push(...found);
    if (found.length === 0)
      children.push(...(await expandOne(reader, { expansion, rows }, result.rowId)));
  }
  return { children, problems };
}

async function expandOne(
  reader: RowReader,
  { expansion, rows }: { readonly expansion: ExpansionMap; readonly rows: readonly ExpandedRow[] },
  rowId: string,
): Promise<readonly ChildForecast[]> {
  const [resolved] = await resolveTrees(reader, [rows]);
  const parent = { rowId, desired: resolved?.trees ?? [] };
  const plans = await planChildTrees(reader.dataverse, expansion, [parent]);
  for (const step of plans.flatMap(({ steps }) => steps)) await reader.dataverse.execute(step);
  return forecasts(plans.flatMap(({ counts }) => counts));
}

/** One for each expansion map, with the rows below all rows of its parents. */
function forecasts(counts: readonly TreeCounts[]): readonly ChildForecast[] {
  const byExpansion = Map.groupBy(counts, ({ expansion }) => expansion);
  return [...byExpansion].map(([{ name, table }, own]) => ({
    ...{ expansion: name, table },
    added: own.reduce((sum, { added }) => sum + added, 0),
    changed: own.reduce((sum, { changed }) => sum + changed, 0),
    removed: own.reduce((sum, { removed }) => sum + removed, 0),
  }));
}
