import { resourceTypes, typeNumber } from '../definitions.ts';
import type { Service } from '../interaction.ts';
import { isObject, itemsOf, type JsonObject, objectAt, parseStored, textAt } from '../json.ts';
import { badRequest } from '../outcome.ts';
import { patientCompartment } from '../search/compartment.ts';
import { splitReference } from '../search/index-values.ts';
import { evaluatePath, type Path } from '../search/path.ts';
import { isDeleted } from '../store/stored-version.ts';
import type { ExportRequest } from './export-definition.ts';
import type { TypeSelection } from './selection.ts';
import type { VersionPages, VersionQuery } from './version-pages.ts';

export interface CompartmentUse {
  readonly pages: VersionPages;
  readonly request: ExportRequest;
  readonly range: { readonly from: bigint; readonly to: bigint };
}

/**
 * Patients whose lastUpdated lies in the window, and what of their compartments
 * does too: the service looks for compartments of those patients only.
 */
export function compartmentSelections(
  service: Service,
  use: CompartmentUse,
): readonly TypeSelection[] {
  const { request } = use;
  const members = request.scope.kind === 'group' ? groupPatients(service, request.scope.id) : null;
  let patients: ReadonlySet<string> | undefined;
  const chosen = (): ReadonlySet<string> => {
    patients ??= patientsInWindow(use, members);
    return patients;
  };
  return (request.types ?? resourceTypes).flatMap((type): TypeSelection[] => {
    const paths = patientPaths(service, type);
    if (type !== 'Patient' && paths.length === 0) return [];
    const belongs = (resource: JsonObject): boolean =>
      type === 'Patient'
        ? chosen().has(textAt(resource, 'id') ?? '')
        : paths.some((path) => refersToOne(path, resource, chosen()));
    return [{ type, page: (from, rows) => filteredPage(use, { type, from, rows, belongs }) }];
  });
}

interface PageUse {
  readonly type: string;
  readonly from: bigint | undefined;
  readonly rows: number;
  readonly belongs: (resource: JsonObject) => boolean;
}

function filteredPage({ pages, range }: CompartmentUse, { type, from, rows, belongs }: PageUse) {
  const page = pages({ ...currentOf(type, range), from: from ?? range.from }, rows);
  const versions = page.versions.filter(({ body }) => belongs(parseStored(body)));
  return { versions, next: page.next };
}

function currentOf(type: string, range: CompartmentUse['range']): VersionQuery {
  const present = { history: false, deleted: false, snapshot: undefined };
  return { type: typeNumber(type), ...range, ...present };
}

const patientRows = 1000;

function patientsInWindow(
  { pages, range }: CompartmentUse,
  members: ReadonlySet<string> | null,
): ReadonlySet<string> {
  const found = new Set<string>();
  let from: bigint | undefined = range.from;
  while (from !== undefined) {
    const page = pages({ ...currentOf('Patient', range), from }, patientRows);
    for (const { body } of page.versions) {
      const id = textAt(parseStored(body), 'id') ?? '';
      if (members === null || members.has(id)) found.add(id);
    }
    from = page.next;
  }
  return found;
}

/** Paths of the references that put a resource of the type into a patient's compartment. */
function patientPaths(service: Service, type: string): readonly Path[] {
  const parameters = service.parameters.get(type);
  return (patientCompartment.get(type) ?? []).flatMap((code) => parameters?.get(code)?.paths ?? []);
}

function refersToOne(path: Path, resource: JsonObject, patients: ReadonlySet<string>): boolean {
  return evaluatePath(path, resource).some((value) => {
    const reference = isObject(value) ? textAt(value, 'reference') : undefined;
    const target = splitReference(reference ?? '');
    return target.type === 'Patient' && patients.has(target.id);
  });
}

/** The patients of a Group and of the groups within it. Throws 400 when there is no such Group. */
function groupPatients(service: Service, id: string): ReadonlySet<string> {
  const patients = new Set<string>();
  const groups = new Set<string>([id]);
  for (const group of groups) {
    const version = service.repository.current('Group', group);
    if (version === undefined || isDeleted(version)) {
      if (group !== id) continue;
      throw badRequest(`Resource type 'Group' with id '${id}' couldn't be found.`);
    }
    for (const target of activeMembers(parseStored(version.body))) {
      if (target.type === 'Patient') patients.add(target.id);
      if (target.type === 'Group') groups.add(target.id);
    }
  }
  return patients;
}

function activeMembers(group: JsonObject) {
  return itemsOf(group['member'])
    .filter(isObject)
    .filter((member) => member['inactive'] !== true)
    .map((member) => splitReference(textAt(objectAt(member, 'entity') ?? {}, 'reference') ?? ''));
}
