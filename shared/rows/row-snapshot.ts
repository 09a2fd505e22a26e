import type {
  DataverseClient,
  DataverseOperation,
  DataverseResult,
  DataverseRow,
  Filter,
} from '../dataverse/index.ts';
import { AppError } from '../errors.ts';
import type { ConceptValue, MapPack, RootMap, RootPlace } from '../mapping/index.ts';
import { conceptKey, conceptQuery, matchConcepts } from './concept-rows.ts';
import { fhirKey } from './fhir-key.ts';
import type { RowDirectory } from './row-directory.ts';
import { conceptsOf, type MappedValues, type RowDraft, referencesOf } from './row-draft.ts';

/** What Dataverse holds of the resources in hand, read in one call. */
export interface RowSnapshot {
  readonly stored: ReadonlyMap<string, DataverseRow>;
  readonly rowIds: ReadonlyMap<string, string>;
  readonly concepts: ReadonlyMap<string, string>;
}

export interface RowReader {
  readonly dataverse: DataverseClient;
  readonly pack: MapPack;
  readonly directory: RowDirectory;
}

interface RootQuery {
  readonly root: RootMap;
  readonly ids: readonly string[];
  readonly select: readonly string[];
}

/** Reads the rows of the drafts, and looks for the rows and concepts that they point to. */
export async function readSnapshot(
  reader: RowReader,
  drafts: readonly RowDraft[],
): Promise<RowSnapshot> {
  const own = new Set(drafts.map(({ reference }) => reference));
  return read(reader, drafts, own);
}

/** Looks for the rows and concepts that mapped values point to, where the rows themselves are not the question. */
export function readLookups(
  reader: RowReader,
  items: readonly { readonly values: MappedValues }[],
): Promise<RowSnapshot> {
  return read(reader, items, new Set());
}

async function read(
  reader: RowReader,
  items: readonly { readonly values: MappedValues }[],
  own: ReadonlySet<string>,
): Promise<RowSnapshot> {
  const rowIds = new Map<string, string>();
  const wanted = wantedReferences(reader, { items, own, rowIds });
  const concepts = unknownConcepts(reader, items);
  const queries = rootQueries(reader.pack, own, wanted);
  const operations = [
    ...queries.map(({ root, ids, select }) => rootQuery(root, ids, select)),
    ...(concepts.length > 0 ? [conceptQuery(concepts)] : []),
  ];
  const results = operations.length > 0 ? await reader.dataverse.execute(operations) : [];
  const stored = new Map<string, DataverseRow>();
  queries.forEach(({ root, ids }, index) => {
    for (const [reference, row] of byReference(root, ids, rowsOf(results[index]))) {
      stored.set(reference, row);
      rowIds.set(reference, row.id);
      reader.directory.set(reference, row.id);
    }
  });
  if (concepts.length > 0) {
    const found = matchConcepts(concepts, rowsOf(results[queries.length]));
    for (const [key, id] of found) reader.directory.set(key, id);
  }
  return { stored, rowIds, concepts: knownConcepts(reader, items) };
}

/** Finds the rows of resources by FHIR id, with these columns. */
export function rootQuery(
  root: RootPlace,
  ids: readonly string[],
  select: readonly string[],
): DataverseOperation {
  const byId: Filter = { column: root.idColumn, in: ids.map(fhirKey) };
  const { discriminator } = root;
  const filter =
    discriminator === undefined
      ? byId
      : { all: [byId, { column: discriminator.column, equals: discriminator.value }] };
  return { kind: 'query', table: root.table, select: [root.idColumn, ...select], filter };
}

/** The rows that a query found; anything else than rows is a failure of the read as a whole. */
export function rowsOf(result: DataverseResult | undefined): readonly DataverseRow[] {
  if (result?.kind === 'rows') return result.rows;
  if (result?.kind === 'refused') {
    throw new AppError('DATAVERSE_REFUSED', 'Dataverse refused a query', {
      details: { status: result.status, code: result.code },
    });
  }
  throw new AppError('DATAVERSE_UNAVAILABLE', 'Dataverse did not answer a query');
}

/** Pairs rows with references. Of several rows with one key the one with the lowest id counts, always the same. */
export function byReference(
  root: RootPlace,
  ids: readonly string[],
  rows: readonly DataverseRow[],
): ReadonlyMap<string, DataverseRow> {
  const byKey = new Map<string, DataverseRow>();
  for (const row of rows) {
    const key = String(row.values[root.idColumn]);
    const known = byKey.get(key);
    if (known === undefined || row.id < known.id) byKey.set(key, row);
  }
  const found = new Map<string, DataverseRow>();
  for (const id of ids) {
    const row = byKey.get(fhirKey(id));
    if (row !== undefined) found.set(`${root.resourceType}/${id}`, row);
  }
  return found;
}

function wantedReferences(
  { directory }: RowReader,
  search: {
    readonly items: readonly { readonly values: MappedValues }[];
    readonly own: ReadonlySet<string>;
    readonly rowIds: Map<string, string>;
  },
): ReadonlySet<string> {
  const wanted = new Set<string>();
  for (const reference of search.items.flatMap(referencesOf)) {
    if (search.own.has(reference)) continue;
    const known = directory.get(reference);
    if (known === undefined) wanted.add(reference);
    else search.rowIds.set(reference, known);
  }
  return wanted;
}

function unknownConcepts(
  { directory }: RowReader,
  items: readonly { readonly values: MappedValues }[],
): readonly ConceptValue[] {
  const unknown = new Map<string, ConceptValue>();
  for (const concept of items.flatMap(conceptsOf)) {
    const key = conceptKey(concept);
    if (directory.get(key) === undefined) unknown.set(key, concept);
  }
  return [...unknown.values()];
}

function knownConcepts(
  { directory }: RowReader,
  items: readonly { readonly values: MappedValues }[],
): ReadonlyMap<string, string> {
  const known = new Map<string, string>();
  for (const concept of items.flatMap(conceptsOf)) {
    const key = conceptKey(concept);
    const id = directory.get(key);
    if (id !== undefined) known.set(key, id);
  }
  return known;
}

/** One query per root map: with all its columns where own rows are read, for ids only where rows are referenced. */
function rootQueries(
  pack: MapPack,
  own: ReadonlySet<string>,
  wanted: ReadonlySet<string>,
): readonly RootQuery[] {
  const idsByType = Map.groupBy([...own, ...wanted], (reference) => typeOf(reference));
  return [...idsByType].flatMap(([type, references]) => {
    const root = pack.roots.get(type);
    if (root === undefined) return [];
    const ids = references.map((reference) => reference.slice(type.length + 1));
    const readsOwn = references.some((reference) => own.has(reference));
    const select = readsOwn ? [...stateColumns(root), ...root.columns] : [];
    return [{ root, ids, select }];
  });
}

const stateColumns = (root: RootMap): readonly string[] => [
  root.versionColumn,
  root.lastUpdatedColumn,
  'statecode',
];

const typeOf = (reference: string): string => reference.slice(0, reference.indexOf('/'));
