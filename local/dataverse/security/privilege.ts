/** What a role can allow on a table. */
export const rights = [
  'Create',
  'Read',
  'Write',
  'Delete',
  'Append',
  'AppendTo',
  'Assign',
] as const;
export type Right = (typeof rights)[number];

/**
 * How far a privilege reaches, as `privilegedepthmask` holds it: own rows, the
 * business unit, the units below it too, the organization.
 */
export const depths = { None: 0, Basic: 1, Local: 2, Deep: 4, Global: 8 } as const;
export type DepthName = keyof typeof depths;

export const actOnBehalf = 'prvActOnBehalfOfAnotherUser';

/** `prvReadcontact`; `*` for the table stands for every table (the stand-in's own short form). */
export function privilegeName(right: Right, table: string): string {
  return `prv${right}${table}`;
}

/** Privileges of one user by lower-case name, with the deepest depth any role gives. */
export type Grants = ReadonlyMap<string, number>;

/** The depth of a right on a table, 0 when there is none. */
export function depthOf(grants: Grants, right: Right, table: string): number {
  const own = grants.get(privilegeName(right, table).toLowerCase()) ?? 0;
  return Math.max(own, grants.get(privilegeName(right, '*').toLowerCase()) ?? 0);
}
