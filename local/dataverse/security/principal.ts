import type { Model } from '../model.ts';
import type { Row } from '../row.ts';
import type { RowStore } from '../row-store.ts';
import { administratorRoleId, businessUnitId, systemUserId } from '../system-tables.ts';
import { depths, type Grants } from './privilege.ts';

/** A user whose roles limit what may be done. */
export interface Principal {
  readonly userId: string;
  readonly objectId: string | undefined;
  /** `0 Read-Write`, as error texts have it. */
  readonly accessMode: string;
  readonly businessUnitId: string;
  /** The own business unit and all below it. */
  readonly unitsBelow: ReadonlySet<string>;
  readonly teams: ReadonlySet<string>;
  readonly roleCount: number;
  readonly grants: Grants;
}

/** The rows that the security tables live in. */
export interface Directory {
  readonly model: Model;
  readonly store: RowStore;
}

/** Rows of a table whose indexed lookup or id column holds a value. */
export function rowsWith(
  { model, store }: Directory,
  place: { readonly table: string; readonly column: string },
  value: string,
): readonly Row[] {
  const table = model.tables.get(place.table);
  const column = table?.columns.get(place.column);
  const slot = column && store.links.slotOf(column);
  if (table === undefined || slot === undefined) {
    return [];
  }
  return store
    .prepare('SELECT id FROM links WHERE value=? AND slot=?')
    .all(value.toLowerCase(), slot)
    .flatMap(({ id }) => store.get(table, String(id)) ?? []);
}

/** The user with this id, or undefined. */
export function userRow({ model, store }: Directory, id: string): Row | undefined {
  const table = model.tables.get('systemuser');
  return table && store.get(table, id.toLowerCase());
}

export function unitOf(user: Row | undefined): string {
  return String(user?.values['businessunitid'] ?? businessUnitId);
}

function lookups(rows: readonly Row[], column: string): readonly string[] {
  return rows.map((row) => String(row.values[column] ?? ''));
}

/** Roles given to the user and to the user's teams. */
function rolesOf(directory: Directory, userId: string, teams: readonly string[]): Set<string> {
  const own = rowsWith(directory, { table: 'systemuserroles', column: 'systemuserid' }, userId);
  const byTeam = teams.flatMap((team) =>
    rowsWith(directory, { table: 'teamroles', column: 'teamid' }, team),
  );
  return new Set(lookups([...own, ...byTeam], 'roleid'));
}

function grantsOf(directory: Directory, roles: ReadonlySet<string>): Grants {
  const grants = new Map<string, number>();
  for (const role of roles) {
    const given = rowsWith(directory, { table: 'roleprivileges', column: 'roleid' }, role);
    for (const { values } of given) {
      const name = String(values['privilegename'] ?? '').toLowerCase();
      const depth = Number(values['privilegedepthmask'] ?? depths.None);
      grants.set(name, Math.max(depth, grants.get(name) ?? 0));
    }
  }
  return grants;
}

function unitsBelow(directory: Directory, unit: string): ReadonlySet<string> {
  const found = new Set([unit]);
  for (const one of found) {
    const place = { table: 'businessunit', column: 'parentbusinessunitid' };
    for (const child of rowsWith(directory, place, one)) {
      found.add(child.id);
    }
  }
  return found;
}

const accessModes = [
  'Read-Write',
  'Administrative',
  'Read',
  'Support User',
  'Non-interactive',
  'Delegated Admin',
];

/** The limits of a user; undefined for system administrators, who have none. */
export function principalOf(directory: Directory, user: Row): Principal | undefined {
  if (user.id === systemUserId) {
    return undefined;
  }
  const memberships = rowsWith(
    directory,
    { table: 'teammembership', column: 'systemuserid' },
    user.id,
  );
  const teams = lookups(memberships, 'teamid');
  const roles = rolesOf(directory, user.id, teams);
  if (roles.has(administratorRoleId)) {
    return undefined;
  }
  const mode = Number(user.values['accessmode'] ?? 0);
  const objectId = user.values['azureactivedirectoryobjectid'];
  return {
    userId: user.id,
    objectId: objectId === undefined ? undefined : String(objectId),
    accessMode: `${mode} ${accessModes[mode] ?? 'Unknown'}`,
    businessUnitId: unitOf(user),
    unitsBelow: unitsBelow(directory, unitOf(user)),
    teams: new Set(teams),
    roleCount: roles.size,
    grants: grantsOf(directory, roles),
  };
}
