import type { Row, RowValue } from '../dataverse/index.ts';
import type { ColumnValue, ConceptValue, ReferenceValue, RootMap } from '../mapping/index.ts';
import { fhirKey } from './fhir-key.ts';

/** What one FHIR version should look like as a row, before references are resolved to row ids. */
export interface RowDraft {
  /** `Type/id` */
  readonly reference: string;
  readonly id: string;
  readonly versionId: string;
  readonly lastUpdated: string;
  readonly root: RootMap;
  readonly values: Readonly<Record<string, ColumnValue>>;
}

export interface Resolver {
  /** Row id of a referenced resource, if it has a row. */
  readonly row: (reference: string) => string | undefined;
  readonly concept: (value: ConceptValue) => string;
  /** References whose lookup is left as it is for now, to break a circle. */
  readonly postponed: ReadonlySet<string>;
}

export interface ResolvedRow {
  readonly row: Row;
  /** References without a row that the row has to wait for. */
  readonly missing: readonly string[];
  /** References without a row whose lookups are left empty for now. */
  readonly postponed: readonly string[];
}

/** The person's switch on the contact: No stops everything about this patient (facts/healthcare-maps.md §5). */
export const syncFlagColumn = 'msemr_azurefhirsyncenabled';

export const conceptTable = 'msemr_codeableconcept';

export type MappedValues = Readonly<Record<string, ColumnValue>>;

/** The references that a row with these values points to. */
export function referencesOf({ values }: { readonly values: MappedValues }): readonly string[] {
  const found = Object.values(values).flatMap((value) =>
    isReference(value) ? [`${value.resourceType}/${value.id}`] : [],
  );
  return [...new Set(found)];
}

export function conceptsOf({ values }: { readonly values: MappedValues }): readonly ConceptValue[] {
  return Object.values(values).filter(isConcept);
}

/** Turns mapped values into row values; references without a row are named. */
export function resolveValues(values: MappedValues, resolver: Resolver): ResolvedRow {
  const row: Record<string, RowValue> = {};
  const missing = new Set<string>();
  const postponed = new Set<string>();
  for (const [column, value] of Object.entries(values)) {
    if (isConcept(value)) {
      row[column] = { lookup: { table: conceptTable, id: resolver.concept(value) } };
    } else if (isReference(value)) {
      const reference = `${value.resourceType}/${value.id}`;
      const id = resolver.row(reference);
      if (id !== undefined) row[column] = { lookup: { table: value.table, id } };
      else if (resolver.postponed.has(reference)) postponed.add(reference);
      else missing.add(reference);
    } else {
      row[column] = value;
    }
  }
  return { row, missing: [...missing], postponed: [...postponed] };
}

/** The columns that say which FHIR version a row shows. */
export function versionColumns(draft: RowDraft): Row {
  return {
    [draft.root.versionColumn]: draft.versionId,
    [draft.root.lastUpdatedColumn]: draft.lastUpdated,
  };
}

/** The columns that only a new row gets: its FHIR key, what it is, and the person's switch, on. */
export function identityColumns(draft: RowDraft): Row {
  const { root } = draft;
  return {
    [root.idColumn]: fhirKey(draft.id),
    ...(root.discriminator ? { [root.discriminator.column]: root.discriminator.value } : {}),
    ...(root.resourceType === 'Patient' ? { [syncFlagColumn]: true } : {}),
  };
}

const isReference = (value: ColumnValue): value is ReferenceValue =>
  typeof value === 'object' && value !== null && value.kind === 'reference';

const isConcept = (value: ColumnValue): value is ConceptValue =>
  typeof value === 'object' && value !== null && value.kind === 'concept';
