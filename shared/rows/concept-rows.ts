import {
  type DataverseOperation,
  type DataverseRow,
  type Row,
  rowIdFor,
} from '../dataverse/index.ts';
import type { ConceptValue } from '../mapping/index.ts';
import { conceptTable } from './row-draft.ts';

/**
 * Codeable concept rows. The product's table has no code system, so that LOINC
 * and SNOMED codes can clash; ours adds `fds_system`, and identity is
 * system + code + type (facts/healthcare-maps.md §7). A row that was there before
 * and has no system is taken over for the first system that asks for it only if
 * nothing better exists.
 */
export function conceptKey(value: ConceptValue): string {
  return `${value.conceptType}|${value.system}|${value.code}`;
}

export function conceptRowId(value: ConceptValue): string {
  return rowIdFor('concept', String(value.conceptType), value.system, value.code);
}

const nameLength = 100;

/** A query for the rows that may already stand for these concepts. */
export function conceptQuery(concepts: readonly ConceptValue[]): DataverseOperation {
  return {
    kind: 'query',
    table: conceptTable,
    select: ['msemr_code', 'msemr_type', 'fds_system'],
    filter: {
      all: [
        { column: 'msemr_code', in: [...new Set(concepts.map(({ code }) => code))] },
        { column: 'msemr_type', in: [...new Set(concepts.map(({ conceptType }) => conceptType))] },
      ],
    },
  };
}

/** Which of the wanted concepts have a row. An exact system wins over a row without one. */
export function matchConcepts(
  concepts: readonly ConceptValue[],
  rows: readonly DataverseRow[],
): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const concept of concepts) {
    const candidates = rows.filter(
      ({ values }) =>
        values['msemr_code'] === concept.code && values['msemr_type'] === concept.conceptType,
    );
    const exact = candidates.find(({ values }) => values['fds_system'] === concept.system);
    const unsystematic = candidates.find(({ values }) => (values['fds_system'] ?? '') === '');
    const row = exact ?? unsystematic;
    if (row !== undefined) found.set(conceptKey(concept), row.id);
  }
  return found;
}

/** The creation of a concept's row; safe to repeat and to race, because its id follows from what it is. */
export function createConcept(value: ConceptValue): DataverseOperation {
  const row: Row = {
    msemr_code: value.code,
    msemr_name: (value.display === '' ? value.code : value.display).slice(0, nameLength),
    msemr_type: value.conceptType,
    fds_system: value.system,
    ...(value.text === undefined ? {} : { msemr_text: value.text }),
  };
  return { kind: 'create', table: conceptTable, id: conceptRowId(value), row };
}
