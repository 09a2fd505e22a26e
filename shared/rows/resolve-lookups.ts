import type { DataverseResult, Row } from '../dataverse/index.ts';
import { conceptKey, conceptRowId, createConcept } from './concept-rows.ts';
import { conceptsOf, type MappedValues, referencesOf, resolveValues } from './row-draft.ts';
import { type RowReader, type RowSnapshot, readLookups } from './row-snapshot.ts';

type Refusal = Extract<DataverseResult, { kind: 'refused' }>;

export interface ResolvedLookups {
  readonly row: Row;
  /** References that have no row yet; their lookups stay empty. */
  readonly missing: readonly string[];
  /** Why a concept that the row points to could not be made. */
  readonly refusal?: Refusal;
}

/** Resolves the lookups of child rows, for all rows in hand at once; missing concepts are created first. */
export async function resolveLookups(
  reader: RowReader,
  items: readonly { readonly values: MappedValues }[],
): Promise<readonly ResolvedLookups[]> {
  const withLookups = items.some(({ values }) => Object.values(values).some(isLookup));
  const snapshot = withLookups ? await readLookups(reader, items) : undefined;
  const refused = snapshot ? await createMissingConcepts(reader, items, snapshot) : new Map();
  return items.map((item): ResolvedLookups => {
    const { row, missing } = resolveValues(item.values, {
      row: (reference) => snapshot?.rowIds.get(reference),
      concept: (value) => snapshot?.concepts.get(conceptKey(value)) ?? conceptRowId(value),
      postponed: new Set(),
    });
    const refusal: Refusal | undefined = conceptsOf(item)
      .map((concept) => refused.get(conceptKey(concept)))
      .find((found) => found !== undefined);
    return { row, missing, ...(refusal === undefined ? {} : { refusal }) };
  });
}

/** Forgets what was remembered of lookups when a bind fails: the row that it named is gone. */
export function forgetLookups(
  { directory }: Pick<RowReader, 'directory'>,
  items: readonly { readonly values: MappedValues }[],
): void {
  for (const item of items) {
    const keys = [...referencesOf(item), ...conceptsOf(item).map(conceptKey)];
    for (const key of keys) directory.forget(key);
  }
}

const isLookup = (value: MappedValues[string]): boolean =>
  typeof value === 'object' && value !== null;

async function createMissingConcepts(
  { dataverse, directory }: RowReader,
  items: readonly { readonly values: MappedValues }[],
  { concepts }: RowSnapshot,
): Promise<ReadonlyMap<string, Refusal>> {
  const wanted = items
    .flatMap(conceptsOf)
    .map((concept) => [conceptKey(concept), concept] as const);
  const missing = [...new Map(wanted)].filter(([key]) => !concepts.has(key));
  const refused = new Map<string, Refusal>();
  if (missing.length === 0) return refused;
  const answers = await dataverse.execute(missing.map(([, concept]) => createConcept(concept)));
  for (const [index, [key, concept]] of missing.entries()) {
    const answer = answers[index];
    if (answer?.kind === 'written' || answer?.kind === 'conflict') {
      directory.set(key, conceptRowId(concept));
    } else if (answer?.kind === 'refused') {
      refused.set(key, answer);
    }
  }
  return refused;
}
