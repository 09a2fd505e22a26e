import type { DataverseResult } from '../dataverse/index.ts';
import type { Problem } from '../outcomes/index.ts';

/** How the root row of one resource ended. */
export type RowResult =
  | {
      readonly kind: 'written' | 'unchanged';
      readonly reference: string;
      readonly versionId: string;
      readonly lastUpdated: string;
      readonly table: string;
      readonly rowId: string;
      /** True when this call made the row. */
      readonly created: boolean;
      /** True when this call made an inactive row active again, because its resource is there again. */
      readonly revived?: boolean;
      /** A row of a circle of references: this lookup is still empty and has to wait for the row it names. */
      readonly awaits?: string;
    }
  | { readonly kind: 'superseded'; readonly reference: string; readonly byVersionId: string }
  | {
      readonly kind: 'parked';
      readonly reference: string;
      readonly waitingFor: string;
      /** An earlier version has a row, so that others can point to it. */
      readonly hasRow: boolean;
    }
  | { readonly kind: 'rejected'; readonly reference: string; readonly problem: Problem }
  | {
      readonly kind: 'failed';
      readonly reference: string;
      readonly step: string;
      readonly retryAfterSeconds?: number;
    };

type Refusal = Extract<DataverseResult, { kind: 'refused' }>;

const remedies: Readonly<Record<Refusal['cause'], string>> = {
  invalid: 'Compare the map with the columns of the table (names, types, casing).',
  'too-long': 'Widen the column in Dataverse, or let the map truncate this attribute.',
  'not-an-option': 'Add the option to the column, or an entry to the value map.',
  forbidden: 'Give the application user the privileges of the table.',
  duplicate: 'Another row holds the same key. Merge the rows, or correct the identifier in FHIR.',
  plugin: 'A synchronous plug-in of this environment refused the row. See its trace log.',
  unknown: 'See the Dataverse error code.',
};

/** What a person needs to know of a write that Dataverse refused; never its message, which may hold values. */
export function refusalProblem(refusal: Refusal, map: string): Problem {
  return {
    cause: 'dataverse-refused',
    code: refusal.code === '' ? String(refusal.status) : refusal.code,
    map,
    ...(refusal.column === undefined ? {} : { column: refusal.column }),
    remedy: remedies[refusal.cause],
  };
}
