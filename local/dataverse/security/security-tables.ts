import type { ColumnForm, TableForm } from '../model-schema.ts';

const text = (maxLength: number): ColumnForm => ({ type: 'string', maxLength });
const to = (...targets: string[]): ColumnForm => ({ type: 'lookup', targets });

/**
 * Users, units, teams, roles, and the tables between them. `roleprivileges`
 * names a privilege by text (`prvReadcontact`) where the service has an id.
 */
export const securityTables: Readonly<Record<string, TableForm>> = {
  systemuser: {
    display: 'User',
    primaryName: 'fullname',
    columns: {
      fullname: text(200),
      domainname: text(1024),
      internalemailaddress: text(100),
      applicationid: { type: 'guid' },
      azureactivedirectoryobjectid: { type: 'guid' },
      businessunitid: to('businessunit'),
      isdisabled: { type: 'boolean' },
      accessmode: {
        type: 'choice',
        options: {
          0: 'Read-Write',
          1: 'Administrative',
          2: 'Read',
          3: 'Support User',
          4: 'Non-interactive',
          5: 'Delegated Admin',
        },
      },
    },
  },
  team: {
    display: 'Team',
    primaryName: 'name',
    columns: { name: text(160), businessunitid: to('businessunit') },
  },
  businessunit: {
    display: 'Business Unit',
    primaryName: 'name',
    columns: { name: text(160), parentbusinessunitid: to('businessunit') },
  },
  role: {
    display: 'Security Role',
    primaryName: 'name',
    columns: { name: text(100), businessunitid: to('businessunit') },
  },
  roleprivileges: {
    display: 'Role Privilege',
    entitySet: 'roleprivilegescollection',
    primaryId: 'roleprivilegeid',
    columns: {
      roleid: to('role'),
      privilegename: text(200),
      privilegedepthmask: {
        type: 'choice',
        options: { 1: 'Basic', 2: 'Local', 4: 'Deep', 8: 'Global' },
      },
    },
  },
  systemuserroles: {
    display: 'System User Role',
    entitySet: 'systemuserrolescollection',
    primaryId: 'systemuserroleid',
    columns: { systemuserid: to('systemuser'), roleid: to('role') },
  },
  teamroles: {
    display: 'Team Role',
    entitySet: 'teamrolescollection',
    primaryId: 'teamroleid',
    columns: { teamid: to('team'), roleid: to('role') },
  },
  teammembership: {
    display: 'Team Membership',
    entitySet: 'teammemberships',
    columns: { systemuserid: to('systemuser'), teamid: to('team') },
  },
};
