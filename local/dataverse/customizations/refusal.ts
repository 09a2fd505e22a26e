import { DataverseError } from '../protocol-error.ts';

/** A definition that breaks a rule: Dataverse's `InvalidArgument`, unless a closer code is known. */
export function refused(message: string, code = '0x80040203'): DataverseError {
  return new DataverseError(400, code, message);
}

export function columnExists(table: string, name: string): DataverseError {
  return refused(
    `A column with the name ${name} already exists in the table ${table}. Specify a unique name.`,
    '0x80047013',
  );
}

/** Microsoft's `CannotDeleteInUseComponent`. */
export function inUse(kind: string, name: string, count: number): DataverseError {
  return refused(
    `The ${kind}(${name}) component cannot be deleted because it is referenced by ${count} other components. For a list of referenced components, use the RetrieveDependenciesForDeleteRequest.`,
    '0x8004f01f',
  );
}
