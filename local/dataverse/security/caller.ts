import type { ApiRequest } from '../api-message.ts';
import { isGuid } from '../column-value.ts';
import { DataverseError, rowMissing } from '../protocol-error.ts';
import type { Row } from '../row.ts';
import { businessUnitId, systemUserId } from '../system-tables.ts';
import { privilegeMissing } from './denial.ts';
import {
  type Directory,
  type Principal,
  principalOf,
  rowsWith,
  unitOf,
  userRow,
} from './principal.ts';
import { actOnBehalf } from './privilege.ts';

type Headers = ApiRequest['headers'];

/** Whom a request acts for. */
export interface Caller {
  /** The user who counts as the one who creates, changes and owns. */
  readonly userId: string;
  readonly businessUnitId: string;
  /** The user who really called, when impersonating another. */
  readonly onBehalfBy: string | undefined;
  /** Users whose roles all have to allow an operation; empty: everything is allowed. */
  readonly principals: readonly Principal[];
}

/** The system administrator: who calls without a token that names a user. */
export const administrator: Caller = {
  userId: systemUserId,
  businessUnitId,
  onBehalfBy: undefined,
  principals: [],
};

function notMember(): DataverseError {
  return new DataverseError(403, '0x80072560', 'The user is not a member of the organization.');
}

function claimsOf(token: string): Readonly<Record<string, unknown>> | undefined {
  const [, payload, signature] = token.split('.');
  if (payload === undefined || signature === undefined) {
    return undefined;
  }
  try {
    const claims: unknown = JSON.parse(Buffer.from(payload, 'base64url').toString());
    return typeof claims === 'object' && claims !== null ? { ...claims } : undefined;
  } catch {
    return undefined;
  }
}

/** The application a token names: a bare GUID, or `appid`/`azp` of a JWT, whose signature nobody checks. */
function applicationOf(token: string): string | undefined {
  if (isGuid(token)) {
    return token;
  }
  const claims = claimsOf(token);
  const application = claims?.['appid'] ?? claims?.['azp'];
  return typeof application === 'string' && isGuid(application) ? application : undefined;
}

/** The user of the token; undefined when it names nobody, which means the system administrator. */
function userOfToken(directory: Directory, authorization: string | undefined): Row | undefined {
  const token = /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1];
  const application = token === undefined ? undefined : applicationOf(token);
  if (token === undefined || application === undefined) {
    return undefined;
  }
  const place = { table: 'systemuser', column: 'applicationid' };
  const [user] = rowsWith(directory, place, application);
  // An organization in which nobody has set up application users takes every token.
  if (user === undefined && (isGuid(token) || hasApplicationUsers(directory))) {
    throw notMember();
  }
  return user;
}

function hasApplicationUsers({ model, store }: Directory): boolean {
  const column = model.tables.get('systemuser')?.columns.get('applicationid');
  const slot = column && store.links.slotOf(column);
  const probe = store.prepare('SELECT 1 FROM links WHERE slot=? LIMIT 1');
  return slot !== undefined && probe.get(slot) !== undefined;
}

/** Facts A7: `CallerObjectId` names the Entra object, the older `MSCRMCallerID` the systemuser. */
function impersonated(directory: Directory, headers: Headers): Row | undefined {
  const objectId = headers['callerobjectid'];
  if (objectId !== undefined) {
    const place = { table: 'systemuser', column: 'azureactivedirectoryobjectid' };
    const [user] = rowsWith(directory, place, objectId);
    if (user === undefined) {
      throw notMember();
    }
    return user;
  }
  const id = headers['mscrmcallerid'];
  const user = id === undefined ? undefined : userRow(directory, id);
  if (id !== undefined && user === undefined) {
    throw rowMissing('systemuser', id.slice(0, 36));
  }
  return user;
}

function requireEnabled(user: Row | undefined): void {
  if (user?.values['isdisabled'] === true) {
    throw new DataverseError(
      403,
      '0x80040225',
      `The specified user(Id = ${user.id}) is disabled. Consider enabling this user.`,
    );
  }
}

/**
 * The caller of a request: the user of its token, or the one impersonated,
 * which needs `prvActOnBehalfOfAnotherUser`; then both users' roles must allow
 * what is done (page "Impersonate another user using the Web API"). Throws 403
 * for users who are unknown, disabled or may not impersonate.
 */
export function callerOf(directory: Directory, headers: Headers): Caller {
  const { authorization, callerobjectid, mscrmcallerid } = headers;
  const isImpersonating = callerobjectid !== undefined || mscrmcallerid !== undefined;
  if (authorization === undefined && !isImpersonating) {
    return administrator;
  }
  const actor = userOfToken(directory, authorization);
  requireEnabled(actor);
  const own = actor && principalOf(directory, actor);
  const user = impersonated(directory, headers);
  if (user === undefined) {
    return actor === undefined
      ? administrator
      : {
          userId: actor.id,
          businessUnitId: unitOf(actor),
          onBehalfBy: undefined,
          principals: own === undefined ? [] : [own],
        };
  }
  requireEnabled(user);
  if (own !== undefined && !own.grants.has(actOnBehalf.toLowerCase())) {
    throw privilegeMissing(own, actOnBehalf, 'systemuser');
  }
  const other = principalOf(directory, user);
  return {
    userId: user.id,
    businessUnitId: unitOf(user),
    onBehalfBy: actor?.id ?? systemUserId,
    principals: [own, other].filter((one) => one !== undefined),
  };
}
