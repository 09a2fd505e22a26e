import type { DataverseClient, Row } from '../dataverse/index.ts';
import type { FhirResource, MapPack, MapProblem, RootMap } from '../mapping/index.ts';
import { createRowDirectory } from '../rows/index.ts';
import { type ChildForecast, type RowRun, runRows, type VersionOf } from './run-rows.ts';
import { type ShadowClient, shadowClient } from './shadow-client.ts';

export interface DryRunOptions {
  readonly pack: MapPack;
  /** Read only: the live rows to compare with. Nothing is written. */
  readonly dataverse: DataverseClient;
  readonly resources: readonly FhirResource[];
  /**
   * `current`: what applying these very versions does; a row that shows its
   * version already is left alone. `next` (default): what the map will do to each
   * row when its resource next changes, which is the question of someone who edits a map.
   */
  readonly versions?: 'current' | 'next';
}

export interface ResourceForecast {
  readonly reference: string;
  readonly table: string;
  readonly outcome: 'created' | 'changed' | 'unchanged' | 'superseded' | 'parked' | 'rejected';
  /** Columns that are set on a new row, or whose value changes; version columns are left out. */
  readonly columns: readonly string[];
  readonly problems: readonly MapProblem[];
  readonly children: readonly ChildForecast[];
}

/** How many root rows are touched in one column. */
export interface ColumnForecast {
  readonly map: string;
  readonly table: string;
  readonly column: string;
  readonly created: number;
  readonly changed: number;
  readonly unchanged: number;
  readonly rejected: number;
}

export interface DryRunResult {
  readonly resources: readonly ResourceForecast[];
  readonly columns: readonly ColumnForecast[];
  /** Rows of codeable concepts that would be made. */
  readonly concepts: number;
  /** Resources of types that the pack does not map. */
  readonly unmapped: number;
}

/** Resources that are read and decided together; as many as a change set may hold. */
const chunk = 100;

/**
 * Says what a pack would do to the live rows, and writes nothing: the decisions
 * are those of change sync, made over a client that keeps all writes to itself.
 * What Dataverse itself would refuse (plug-ins, privileges) is not foreseen.
 */
export async function dryRun(options: DryRunOptions): Promise<DryRunResult> {
  const dataverse = shadowClient(options.dataverse);
  const reader = { dataverse, pack: options.pack, directory: createRowDirectory() };
  const version = options.versions === 'current' ? undefined : nextVersion;
  const runs: RowRun[] = [];
  for (let start = 0; start < options.resources.length; start += chunk) {
    runs.push(...(await runRows(reader, options.resources.slice(start, start + chunk), version)));
  }
  const written = rootWrites(dataverse);
  const resources = runs.map((run) => forecast(run, written));
  return {
    resources,
    columns: byColumn(runs, resources),
    concepts: dataverse.writes.filter(({ table }) => table === 'msemr_codeableconcept').length,
    unmapped: options.resources.length - runs.length,
  };
}

/** Newer than whatever a row shows, by number and by instant. */
const nextVersion: VersionOf = () => ({
  versionId: String(Number.MAX_SAFE_INTEGER),
  lastUpdated: '9999-12-31T23:59:59Z',
});

/** Of several writes to one row (a circle is closed by a second one), what they come to together. */
function rootWrites(dataverse: ShadowClient): ReadonlyMap<string, Row> {
  const rows = new Map<string, Row>();
  for (const operation of dataverse.writes) {
    if (operation.kind === 'delete') continue;
    const place = `${operation.table} ${operation.id}`;
    rows.set(place, { ...rows.get(place), ...operation.row });
  }
  return rows;
}

function forecast(run: RowRun, written: ReadonlyMap<string, Row>): ResourceForecast {
  const { reference, root, result, problems, children } = run;
  const done = result.kind === 'written' || result.kind === 'unchanged';
  const row = done ? written.get(`${root.table} ${result.rowId}`) : undefined;
  const columns = Object.keys(row ?? {}).filter(
    (column) => column !== root.versionColumn && column !== root.lastUpdatedColumn,
  );
  return {
    reference,
    table: root.table,
    outcome: outcomeOf(run, columns),
    columns,
    problems,
    children,
  };
}

/** A write that only brings the version up to date changes nothing that anyone maps. */
function outcomeOf({ result }: RowRun, columns: readonly string[]): ResourceForecast['outcome'] {
  switch (result.kind) {
    case 'written':
      if (result.created) return 'created';
      return columns.length > 0 ? 'changed' : 'unchanged';
    case 'unchanged':
    case 'superseded':
    case 'parked':
      return result.kind;
    default:
      return 'rejected';
  }
}

function byColumn(
  runs: readonly RowRun[],
  resources: readonly ResourceForecast[],
): readonly ColumnForecast[] {
  const byRoot = Map.groupBy(
    runs.map(({ root }, index) => ({ root, resource: resources[index] })),
    ({ root }) => root,
  );
  return [...byRoot].flatMap(([root, entries]) => {
    const own = entries.flatMap(({ resource }) => resource ?? []);
    return root.columns.map((column) => columnForecast(root, column, own));
  });
}

function columnForecast(
  root: RootMap,
  column: string,
  resources: readonly ResourceForecast[],
): ColumnForecast {
  const counts = { created: 0, changed: 0, unchanged: 0, rejected: 0 };
  for (const resource of resources) {
    const touched = touchOf(root, column, resource);
    if (touched !== undefined) counts[touched] += 1;
  }
  return { map: root.name, table: root.table, column, ...counts };
}

/** What a resource does to one column; undefined when its row is not looked at for another reason. */
function touchOf(
  root: RootMap,
  column: string,
  { outcome, columns, problems }: ResourceForecast,
): 'created' | 'changed' | 'unchanged' | 'rejected' | undefined {
  if (outcome === 'superseded' || outcome === 'parked') return undefined;
  if (outcome === 'rejected') {
    const own = problems.some((found) => found.map === root.name && found.column === column);
    return own ? 'rejected' : undefined;
  }
  if (!columns.includes(column)) return 'unchanged';
  return outcome === 'created' ? 'created' : 'changed';
}
