import type { ApiContext } from '../api-context.ts';
import { requireNamedPrivilege } from '../security/named-privilege.ts';

/** Throws 403 0x80040220 when a role of the caller lacks the privilege that a bypass header needs. */
export function requireBypass({ call, caller }: Pick<ApiContext, 'call' | 'caller'>): void {
  for (const privilege of call.privileges) {
    requireNamedPrivilege(caller, privilege, 'sdkmessageprocessingstep');
  }
}
