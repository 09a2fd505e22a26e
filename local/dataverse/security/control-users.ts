import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { platformAgent } from '../platform-agent.ts';
import { DataverseError } from '../protocol-error.ts';
import type { RowValues } from '../row.ts';
import { administratorRoleId, businessUnitId, systemUserId } from '../system-tables.ts';
import { type Directory, rowsWith } from './principal.ts';
import { actOnBehalf, depths, privilegeName, type Right, rights } from './privilege.ts';

const depth = z.enum(['Basic', 'Local', 'Deep', 'Global']);

/** One depth for all rights, or one per right; a right left out is not given. */
const grantSchema = z.union([depth, z.partialRecord(z.enum(rights), depth)]);

/**
 * `POST /_control/users`: an application user with a role of its own. Privileges
 * go by table name, `*` for every table.
 */
export const userSchema = z.strictObject({
  name: z.string().min(1).max(200).default('application user'),
  applicationId: z.guid().optional(),
  objectId: z.guid().optional(),
  businessUnitId: z.guid().default(businessUnitId),
  isDisabled: z.boolean().default(false),
  accessMode: z.int().min(0).max(5).default(4),
  administrator: z.boolean().default(false),
  actOnBehalf: z.boolean().default(false),
  privileges: z.record(z.string(), grantSchema).default({}),
});

type UserWish = z.output<typeof userSchema>;

/** Writes rows past the Web API; the history checker does not see them. */
class RowMaker {
  readonly #directory: Directory;

  constructor(directory: Directory) {
    this.#directory = directory;
  }

  insert(tableName: string, values: RowValues): string {
    const { model, store } = this.#directory;
    const table = model.tables.get(tableName);
    if (table === undefined) {
      throw new DataverseError(500, '0x80040216', `The table ${tableName} is not there.`);
    }
    const id = randomUUID();
    const mark = { agent: platformAgent, at: Date.now(), columns: Object.keys(values) };
    const owner = { ownerid: systemUserId, 'ownerid@t': 'systemuser' };
    const unit = { owningbusinessunit: businessUnitId, statecode: 0, statuscode: 1 };
    store.insert(table, { id, values: { ...owner, ...unit, ...values } }, mark);
    return id;
  }
}

function grantsOf(wish: UserWish): readonly (readonly [string, number])[] {
  const tables = Object.entries(wish.privileges).flatMap(([table, grant]) =>
    rights.flatMap((right: Right) => {
      const given = typeof grant === 'string' ? grant : grant[right];
      return given === undefined ? [] : [[privilegeName(right, table), depths[given]] as const];
    }),
  );
  return wish.actOnBehalf ? [...tables, [actOnBehalf, depths.Global] as const] : tables;
}

function requireTables({ model }: Directory, wish: UserWish): void {
  const unknown = Object.keys(wish.privileges).find(
    (table) => table !== '*' && !model.tables.has(table),
  );
  if (unknown !== undefined) {
    throw new DataverseError(400, '0x0', `privileges: there is no table '${unknown}'.`);
  }
}

/** Creates the user, its role and its privileges; the token to send is the application id. */
export function addUser(directory: Directory, wish: UserWish): Readonly<Record<string, string>> {
  requireTables(directory, wish);
  const applicationId = (wish.applicationId ?? randomUUID()).toLowerCase();
  const objectId = (wish.objectId ?? randomUUID()).toLowerCase();
  const place = { table: 'systemuser', column: 'applicationid' };
  if (rowsWith(directory, place, applicationId).length > 0) {
    throw new DataverseError(
      412,
      '0x8004F511',
      `You are attempting to create an Application ID = ${applicationId} that already exists.`,
    );
  }
  const rows = new RowMaker(directory);
  return directory.store.atomic(() => {
    const systemuserid = rows.insert('systemuser', {
      fullname: wish.name,
      applicationid: applicationId,
      azureactivedirectoryobjectid: objectId,
      businessunitid: wish.businessUnitId.toLowerCase(),
      isdisabled: wish.isDisabled,
      accessmode: wish.accessMode,
    });
    const roleid = wish.administrator
      ? administratorRoleId
      : rows.insert('role', { name: `${wish.name} role`, businessunitid: wish.businessUnitId });
    for (const [privilegename, privilegedepthmask] of grantsOf(wish)) {
      rows.insert('roleprivileges', { roleid, privilegename, privilegedepthmask });
    }
    rows.insert('systemuserroles', { systemuserid, roleid });
    return { systemuserid, roleid, applicationId, objectId, token: applicationId };
  });
}
