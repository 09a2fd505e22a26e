import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Resource, resourcesOf, rowsOf } from './both-sides.ts';
import { localRun, openResult, readSummary, temporaryFolder } from './local-run.ts';

type Summary = Awaited<ReturnType<typeof readSummary>>;

const roots = [
  { type: 'Patient', set: 'contacts', discriminator: 935000000 },
  { type: 'Practitioner', set: 'contacts', discriminator: 935000001 },
  { type: 'Organization', set: 'accounts' },
  { type: 'Encounter', set: 'msemr_encounters' },
  { type: 'Condition', set: 'msemr_conditions' },
  { type: 'Observation', set: 'msemr_observations' },
] as const;

export interface WholeRun {
  /** What to feed, as arguments of `npm start`. */
  readonly feed: readonly string[];
  readonly patients: number;
}

/** One whole run of the product, and what has to be true of both sides afterwards. */
export function guaranteesOfARun({ feed, patients }: WholeRun): void {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let result: Awaited<ReturnType<typeof openResult>>;
  let summary: Summary;
  let exitCode: number | null;
  let denied: ReadonlySet<string>;
  const fhir = new Map<string, readonly Resource[]>();

  beforeAll(async () => {
    folder = await temporaryFolder();
    const file = join(folder.path, 'out.json');
    const run = localRun([...feed, '--once', '--data', folder.path, '--summary', file]);
    exitCode = await run.ended();
    expect(exitCode, run.output()).toBe(0);
    summary = await readSummary(file);
    result = await openResult(folder.path);
    for (const { type } of roots) fhir.set(type, await resourcesOf(result.fhir.url, type));
    const consents = await resourcesOf(result.fhir.url, 'Consent');
    denied = new Set(
      consents
        .filter(({ provision }) => provision?.type === 'deny')
        .map(({ patient }) => patient?.reference ?? ''),
    );
  }, 600_000);

  afterAll(async () => {
    await result?.close();
    await folder?.remove();
  });

  const patientOf = ({ resourceType, id, subject, patient }: Resource): string | undefined =>
    resourceType === 'Patient' ? `Patient/${id}` : (subject ?? patient)?.reference;

  const maySync = (resource: Resource): boolean => !denied.has(patientOf(resource) ?? '');

  it('ends every change in exactly one outcome, with nothing pending and no dead letter', () => {
    const ended = Object.values(summary.outcomes).reduce((sum, count) => sum + count, 0);
    expect(summary).toMatchObject({
      countsClose: true,
      pending: 0,
      deadLetters: 0,
      feedFailures: 0,
    });
    expect(ended).toBe(summary.changes);
    expect(summary.outcomes).toMatchObject({ rejected: 0, parked: 0 });
  });

  it('has patients of each kind: permitted, denied, without consent', () => {
    const all = fhir.get('Patient') ?? [];
    expect(all).toHaveLength(patients);
    expect(denied.size).toBeGreaterThan(0);
    expect(denied.size).toBeLessThan(patients);
  });

  it.each(roots)(
    'gives every permitted $type exactly one row of its version, and denied ones none',
    async ({ type, set, ...root }) => {
      const filter =
        'discriminator' in root ? `&$filter=msemr_contacttype eq ${root.discriminator}` : '';
      const rows = await rowsOf(
        result.dataverse.url,
        `${set}?$select=msemr_azurefhirid,msemr_azurefhirversion${filter}`,
      );
      const permitted = (fhir.get(type) ?? []).filter(maySync);
      expect(permitted.length).toBeGreaterThan(0);
      expect(rows.map((row) => row['msemr_azurefhirid']).sort()).toEqual(
        permitted.map(({ id }) => id).sort(),
      );
    },
  );

  it.each(roots)(
    'writes one Dataverse identifier, the row id, into every synced $type',
    async ({ type, set, ...root }) => {
      const filter =
        'discriminator' in root ? `&$filter=msemr_contacttype eq ${root.discriminator}` : '';
      const rows = await rowsOf(result.dataverse.url, `${set}?$select=msemr_azurefhirid${filter}`);
      const key =
        set === 'contacts'
          ? 'contactid'
          : set === 'accounts'
            ? 'accountid'
            : `${set.slice(0, -1)}id`;
      const rowIds = new Map(rows.map((row) => [row['msemr_azurefhirid'], row[key]]));
      for (const resource of fhir.get(type) ?? []) {
        const own = (resource.identifier ?? []).filter(({ system }) =>
          system?.startsWith('urn:oid:org.d365.mc4h.'),
        );
        const expected = maySync(resource)
          ? [
              {
                system: `urn:oid:org.d365.mc4h.${type.toLowerCase()}.id`,
                value: rowIds.get(resource.id),
              },
            ]
          : [];
        expect(own).toEqual(expected);
      }
    },
  );

  it('leaves no child row without a parent, and none of a denied patient', async () => {
    const contacts = await rowsOf(result.dataverse.url, 'contacts?$select=contactid');
    const ids = new Set(contacts.map((row) => row['contactid']));
    const identifiers = await rowsOf(result.dataverse.url, 'fds_patientidentifiers');
    expect(identifiers.length).toBeGreaterThan(0);
    expect(identifiers.filter((row) => !ids.has(row['_fds_patientid_value']))).toEqual([]);
  });

  it('comes to rest: one own write per synced resource, each echo dropped', () => {
    expect(summary.identifiersWrittenBack).toBe(summary.outcomes['applied']);
    expect(summary.echoesDropped).toBe(summary.identifiersWrittenBack);
    expect(summary.events).toBe(summary.changes + summary.echoesDropped);
  });
}
