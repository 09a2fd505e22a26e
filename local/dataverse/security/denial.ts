import { namedGuid } from '../key-index.ts';
import { DataverseError } from '../protocol-error.ts';
import type { Row } from '../row.ts';
import type { Principal } from './principal.ts';
import type { Right } from './privilege.ts';

/** No role gives the privilege. The text has the form of the service's own. */
export function privilegeMissing(
  principal: Principal,
  privilege: string,
  table: string,
): DataverseError {
  const { userId, roleCount, grants, accessMode, objectId, businessUnitId } = principal;
  return new DataverseError(
    403,
    '0x80040220',
    `Principal user (Id=${userId}, type=8, roleCount=${roleCount}, privilegeCount=${grants.size}, accessMode='${accessMode}', AADObjectId='${objectId ?? ''}', businessUnitId=${businessUnitId}), is missing ${privilege} privilege (Id=${namedGuid(`privilege ${privilege}`)}) for entity '${table}' (LocalizedName='${table}'). context.Caller=${userId}. Consider adding missed privilege to one of the principal (user/team) roles.`,
  );
}

/** The privilege is there but does not reach this row. */
export function accessMissing(principal: Principal, right: Right, row: Row): DataverseError {
  const owner = String(row.values['ownerid'] ?? '');
  return new DataverseError(
    403,
    '0x80048306',
    `SecLib::AccessCheckEx failed. Returned hr = -2147187962, ObjectID: ${row.id}, OwnerId: ${owner}, OwnerIdType: ${row.values['ownerid@t'] === 'team' ? 9 : 8} and CallingUser: ${principal.userId}. objectBusinessUnitId: ${row.values['owningbusinessunit'] ?? ''}, AccessRights: ${right}Access`,
  );
}
