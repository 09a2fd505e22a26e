import type { Row } from '../dataverse/index.ts';
import { conceptKey, conceptRowId, createConcept } from './concept-rows.ts';
import { conceptsOf, type MappedValues, resolveValues } from './row-draft.ts';
import { type RowReader, type RowSnapshot, readLookups } from './row-snapshot.ts';

/**
 * Resolves the lookups of child rows, for all rows in hand at once. A child does
 * not hold up its parent: a reference that has no row yet stays empty and is
 * filled when the parent is next expanded; missing concepts are created first.
 */
export async function resolveLookups(
  reader: RowReader,
  items: readonly { readonly values: MappedValues }[],
): Promise<readonly Row[]> {
  const withLookups = items.some(({ values }) => Object.values(values).some(isLookup));
  const snapshot = withLookups ? await readLookups(reader, items) : undefined;
  if (snapshot) await createMissingConcepts(reader, items, snapshot);
  return items.map(
    ({ values }) =>
      resolveValues(values, {
        row: (reference) => snapshot?.rowIds.get(reference),
        concept: (value) => snapshot?.concepts.get(conceptKey(value)) ?? conceptRowId(value),
        postponed: new Set(),
      }).row,
  );
}

const isLookup = (value: MappedValues[string]): boolean =>
  typeof value === 'object' && value !== null;

async function createMissingConcepts(
  { dataverse, directory }: RowReader,
  items: readonly { readonly values: MappedValues }[],
  { concepts }: RowSnapshot,
): Promise<void> {
  const wanted = items
    .flatMap(conceptsOf)
    .map((concept) => [conceptKey(concept), concept] as const);
  const missing = [...new Map(wanted)].filter(([key]) => !concepts.has(key));
  if (missing.length === 0) return;
  const answers = await dataverse.execute(missing.map(([, concept]) => createConcept(concept)));
  missing.forEach(([key, concept], index) => {
    const exists = answers[index]?.kind === 'written' || answers[index]?.kind === 'conflict';
    if (exists) directory.set(key, conceptRowId(concept));
  });
}
