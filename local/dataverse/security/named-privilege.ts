import type { Caller } from './caller.ts';
import { privilegeMissing } from './denial.ts';

/** Throws 403 0x80040220 when a role of the caller lacks a privilege that belongs to no table. */
export function requireNamedPrivilege(caller: Caller, privilege: string, about: string): void {
  const principal = caller.principals.find(({ grants }) => !grants.has(privilege.toLowerCase()));
  if (principal !== undefined) {
    throw privilegeMissing(principal, privilege, about);
  }
}
