import type { DataverseOperation } from '../shared/dataverse/index.ts';
import { AppError } from '../shared/errors.ts';
import type { FhirResource } from '../shared/fhir/index.ts';
import type { RootMap } from '../shared/mapping/index.ts';
import { byReference, rootQuery, rowsOf } from '../shared/rows/index.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { decide, readConsents } from './patient-decisions.ts';
import { type RootRow, removeFromDataverse, rootRow, stateColumns } from './remove-rows.ts';
import { partsOf } from './resources.ts';

export interface WithdrawPatientInput {
  /** `Patient/id` */
  readonly patient: string;
}

export interface WithdrawPatientOutput {
  /** Every row that was taken back, as `table(id)`: the record of the withdrawal. */
  readonly rows: readonly { readonly table: string; readonly rowId: string }[];
}

/**
 * Takes back what was sent about a patient whose consent is refused: every row
 * that points to the contact as its patient, and the contact itself, children
 * included. Throws when a row resists or was written meanwhile, so that the
 * orchestration tries again: a withdrawal is complete or not done.
 */
export async function withdrawPatient(
  deps: ActivityDependencies,
  { patient }: WithdrawPatientInput,
): Promise<WithdrawPatientOutput> {
  const contact = await findContact(deps, patient);
  if (contact === undefined) return { rows: [] };
  const rows = [...(await rowsAbout(deps, contact.rowId)), contact];
  await deps.ledger.withheldPatients.mark([patient]);
  if (!(await isRefused(deps, patient))) return { rows: [] };
  const removed = await removeFromDataverse(deps, rows, deps.withdrawPolicy);
  const resisting =
    removed.failed.length + removed.ended.filter(({ kind }) => kind === 'rejected').length;
  if (resisting > 0) {
    throw new AppError('DATAVERSE_UNAVAILABLE', `${resisting} rows could not be withdrawn yet`, {
      details: { patient, rows: resisting },
    });
  }
  return { rows: rows.map(({ root, rowId }) => ({ table: root.table, rowId })) };
}

async function findContact(
  { dataverse, pack }: ActivityDependencies,
  patient: string,
): Promise<RootRow | undefined> {
  const root = pack.roots.get('Patient');
  if (root === undefined) return undefined;
  const { id } = partsOf(patient);
  const [result] = await dataverse.execute([rootQuery(root, [id], stateColumns(root))]);
  const row = byReference(root, [id], rowsOf(result)).get(patient);
  return row && rootRow(patient, root, row);
}

async function rowsAbout(
  { dataverse, pack }: ActivityDependencies,
  contactId: string,
): Promise<readonly RootRow[]> {
  const roots = [...pack.roots.values()].filter(({ patientColumn }) => patientColumn !== undefined);
  const results = await dataverse.execute(roots.map((root) => patientQuery(root, contactId)));
  return roots.flatMap((root, index) =>
    rowsOf(results[index]).map((row) =>
      rootRow(`${root.resourceType}/${String(row.values[root.idColumn])}`, root, row),
    ),
  );
}

function patientQuery(root: RootMap, contactId: string): DataverseOperation {
  const filter = { column: root.patientColumn ?? '', equals: contactId };
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
