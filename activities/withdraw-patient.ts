import type { DataverseOperation } from '../shared/dataverse/index.ts';
import { AppError } from '../shared/errors.ts';
import type { FhirResource, RootPlace } from '../shared/mapping/index.ts';
import { byReference, rootQuery, rowsOf } from '../shared/rows/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { decide, readConsents } from './patient-decisions.ts';
import {
  eachOnce,
  type RootRow,
  removeFromDataverse,
  rootRow,
  stateColumns,
} from './remove-rows.ts';
import { partsOf } from './resources.ts';
import { placesFor } from './row-places.ts';

export interface WithdrawPatientInput {
  /** `Patient/id` */
  readonly patient: string;
}

export interface WithdrawPatientOutput {
  /** Rows that were taken back now, as `table(id)`: the record of the withdrawal. */
  readonly rows: readonly { readonly table: string; readonly rowId: string }[];
  /** There are more: to be run again. */
  readonly more: boolean;
}

/** Rows taken back by one run; keeps its answer below what the durable store keeps inline. */
const rowsPerRun = 400;

/**
 * Takes back what was sent about a patient whose consent is refused: every row
 * that points to the contact as its patient, by whatever map, in use or not, and
 * the contact itself last, children included; some hundred rows in one run. The
 * patient is remembered as held back, rows or not. Throws when a row resists or was
 * written meanwhile, so that the orchestration tries again.
 */
export async function withdrawPatient(
  deps: ActivityDependencies,
  { patient }: WithdrawPatientInput,
): Promise<WithdrawPatientOutput> {
  const places = await placesFor(deps);
  const contacts = await findContacts(deps, places, patient);
  const about = await rowsAbout(deps, places, contacts);
  await deps.ledger.withheldPatients.mark([patient]);
  const open = [...about, ...contacts].filter(
    ({ deactivated }) => deps.withdrawPolicy === 'delete' || !deactivated,
  );
  if (open.length === 0 || !(await isRefused(deps, patient))) return { rows: [], more: false };
  const rows = open.slice(0, rowsPerRun);
  const removed = await removeFromDataverse(deps, rows, deps.withdrawPolicy);
  const resisting =
    removed.failed.length + removed.ended.filter(({ kind }) => kind === 'rejected').length;
  if (resisting > 0) {
    throw new AppError('DATAVERSE_UNAVAILABLE', `${resisting} rows could not be withdrawn yet`, {
      details: { patient, rows: resisting },
    });
  }
  return {
    rows: rows.map(({ root, rowId }) => ({ table: root.table, rowId })),
    more: rows.length < open.length,
  };
}

async function findContacts(
  { dataverse }: ActivityDependencies,
  places: readonly RootPlace[],
  patient: string,
): Promise<readonly RootRow[]> {
  const roots = places.filter(({ resourceType }) => resourceType === 'Patient');
  if (roots.length === 0) return [];
  const { id } = partsOf(patient);
  const results = await dataverse.execute(
    roots.map((root) => rootQuery(root, [id], stateColumns(root))),
  );
  const rows = roots.flatMap((root, index) => {
    const row = byReference(root, [id], rowsOf(results[index])).get(patient);
    return row === undefined ? [] : [rootRow(patient, root, row)];
  });
  return eachOnce(rows);
}

async function rowsAbout(
  { dataverse }: ActivityDependencies,
  places: readonly RootPlace[],
  contacts: readonly RootRow[],
): Promise<readonly RootRow[]> {
  if (contacts.length === 0) return [];
  const contactIds = contacts.map(({ rowId }) => rowId);
  const roots = places.filter(({ patientColumn }) => patientColumn !== undefined);
  const results = await dataverse.execute(roots.map((root) => patientQuery(root, contactIds)));
  const rows = roots.flatMap((root, index) =>
    rowsOf(results[index]).map((row) =>
      rootRow(`${root.resourceType}/${String(row.values[root.idColumn])}`, root, row),
    ),
  );
  return eachOnce(rows);
}

function patientQuery(root: RootPlace, contactIds: readonly string[]): DataverseOperation {
  const filter = { column: root.patientColumn ?? '', in: contactIds };
  return {
    kind: 'query',
    table: root.table,
    select: [root.idColumn, ...stateColumns(root)],
    filter,
  };
}

/** Asked after the rows were looked at: a permit that came since leaves them alone, and brings its own. */
async function isRefused(deps: ActivityDependencies, patient: string): Promise<boolean> {
  const [read] = await deps.fhir.readCurrent([partsOf(patient)]);
  if (read === undefined || read.kind === 'failed') {
    throw new AppError('FHIR_UNAVAILABLE', 'the patient could not be read yet', {
      details: { patient },
    });
  }
  if (read.kind !== 'current') return true;
  const resource: FhirResource = read.resource;
  const consents = await readConsents(deps, [patient]);
  return decide(deps, { patient, resource, wishes: { consents } }).kind === 'deny';
}
