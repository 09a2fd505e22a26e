import type { TableMetadata } from '../../dataverse/index.ts';
import { checkMapFiles } from '../check-map-files.ts';
import { forResource } from '../compile-expansion.ts';
import { compilePack } from '../compile-pack.ts';
import { expansionNames } from '../expansions-below.ts';
import { isInUse } from '../is-in-use.ts';
import type { MapFileProblem } from '../map-file-problem.ts';
import type { MapFile, MapFiles } from '../map-files.ts';
import type { EntityMapFile, ExpansionMapFile } from '../map-language.ts';
import type { FhirResource } from '../map-pack.ts';
import { checkMatchingKeys, checkRootKeys } from './check-alternate-keys.ts';
import { checkAttribute } from './check-attribute.ts';
import { checkSamples, type SampleCounts } from './check-samples.ts';
import { checkKeys, checkParentLink, checkRequiredColumns } from './check-table.ts';

/** An error keeps a row from being written; a warning says what will be lost or left empty. */
export interface CheckProblem extends MapFileProblem {
  readonly severity: 'error' | 'warning';
}

export type FindTable = (logicalName: string) => Promise<TableMetadata | undefined>;

export interface CheckPackOptions {
  /** Names of the root maps to check; default: those in use. */
  readonly enabled?: readonly string[];
  /** What the target says about a table; without it only files and samples are checked. */
  readonly table?: FindTable;
  readonly samples?: Iterable<FhirResource>;
}

export interface CheckResult {
  readonly problems: readonly CheckProblem[];
  readonly roots: number;
  /** Tables of the target that were looked at. */
  readonly tables: number;
  readonly samples: SampleCounts;
}

/**
 * Compares map files with the tables of the organisation that they are meant for
 * and with sample resources. Every problem names file, place and remedy; nothing
 * is written anywhere.
 */
export async function checkPack(
  files: MapFiles,
  options: CheckPackOptions = {},
): Promise<CheckResult> {
  const roots = rootsOf(files, options.enabled);
  const inFiles = checkMapFiles(files, roots).map(asError);
  const tables = new Map<string, TableMetadata | undefined>();
  const table: FindTable = async (name) => {
    if (!tables.has(name)) tables.set(name, await options.table?.(name));
    return tables.get(name);
  };
  const inTables =
    options.table === undefined
      ? []
      : (await Promise.all(roots.map((root) => checkRoot(root, files, table)))).flat();
  const pack =
    inFiles.length > 0
      ? undefined
      : compilePack(files, { enabled: roots.map(({ content }) => content.name) });
  const sampled = checkSamples({ files, pack, samples: options.samples ?? [] });
  return {
    problems: unique([...inFiles, ...inTables, ...sampled.problems]),
    roots: roots.length,
    tables: tables.size,
    samples: sampled.counts,
  };
}

function rootsOf(
  files: MapFiles,
  enabled: readonly string[] | undefined,
): readonly MapFile<EntityMapFile>[] {
  return files.entities.filter(({ content }) =>
    enabled === undefined ? isInUse(content) : enabled.includes(content.name),
  );
}

function asError(problem: MapFileProblem): CheckProblem {
  return { ...problem, severity: 'error' };
}

/** Several roots share expansions and value maps; what is wrong with those is said once. */
function unique(problems: readonly CheckProblem[]): readonly CheckProblem[] {
  return [...new Map(problems.map((found) => [JSON.stringify(found), found])).values()];
}

async function checkRoot(
  { file, content }: MapFile<EntityMapFile>,
  files: MapFiles,
  findTable: FindTable,
): Promise<readonly CheckProblem[]> {
  const table = await findTable(content.table);
  if (table === undefined) return [missingTable(file, content.table)];
  const problems = [
    ...checkKeys(file, content, table),
    ...checkRootKeys(file, content, table),
    ...checkRequiredColumns(file, content, table),
    ...(await checkColumns({ file, content }, { table, files, findTable })),
  ];
  const parent = { table: content.table, resource: content.resource };
  return [...problems, ...(await checkExpansions(content, parent, { files, findTable }))];
}

interface Parent {
  readonly table: string;
  /** Of the root map. */
  readonly resource: string;
}

interface Around {
  readonly files: MapFiles;
  readonly findTable: FindTable;
}

/** The expansions in use below a map, and those below them. */
async function checkExpansions(
  content: EntityMapFile | ExpansionMapFile,
  parent: Parent,
  around: Around,
): Promise<readonly CheckProblem[]> {
  const names = expansionNames(content);
  const used = around.files.expansions.filter(
    (expansion) => names.includes(expansion.content.name) && isInUse(expansion.content),
  );
  const found = used.map((expansion) => checkExpansion(expansion, parent, around));
  return (await Promise.all(found)).flat();
}

async function checkExpansion(
  { file, content }: MapFile<ExpansionMapFile>,
  { table: parent, resource }: Parent,
  around: Around,
): Promise<readonly CheckProblem[]> {
  const name = forResource(content.table, resource);
  const table = await around.findTable(name);
  if (table === undefined) return [missingTable(file, name)];
  const parentLink = forResource(content.parentLink, resource);
  return [
    ...checkParentLink(file, { parentLink, parent }, table),
    ...checkMatchingKeys(file, { ...content, parentLink }, table),
    ...checkRequiredColumns(file, { ...content, parentLink }, table),
    ...(await checkColumns({ file, content }, { ...around, table })),
    ...(await checkExpansions(content, { table: name, resource }, around)),
  ];
}

async function checkColumns(
  { file, content }: MapFile<EntityMapFile | ExpansionMapFile>,
  place: {
    readonly table: TableMetadata;
    readonly files: MapFiles;
    readonly findTable: FindTable;
  },
): Promise<readonly CheckProblem[]> {
  const concepts = await place.findTable('msemr_codeableconcept');
  const attributes: EntityMapFile['attributes'] = content.attributes;
  return attributes.flatMap((attribute, index) =>
    attribute.action === 'Expand' || attribute.disabled === true
      ? []
      : checkAttribute(attribute, {
          ...{ file, pointer: `/attributes/${index}`, table: place.table },
          ...{ values: place.files.values, concepts },
        }),
  );
}

function missingTable(file: string, table: string): CheckProblem {
  return {
    severity: 'error',
    file,
    pointer: '/table',
    problem: `the organisation has no table ${table}`,
    remedy:
      'Install the solution that has it, add it with infra/dataverse/tables.json, or disable the map',
  };
}
