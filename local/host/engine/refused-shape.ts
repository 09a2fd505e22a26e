/**
 * Shapes that hang or corrupt an orchestration on the real host and that this
 * engine ends at once as Failed (DESIGN rule 10). These are all the places
 * where it deliberately differs from the recordings of the extension:
 *
 * | code | on the real host (conformance finding) |
 * |---|---|
 * | UNKNOWN_ACTIVITY, UNKNOWN_ORCHESTRATOR, UNKNOWN_ENTITY | silent hang (7) |
 * | CHILD_ID_IN_USE | own id: silent hang (7); parent's or a running instance's id: undefined |
 * | RETRY_TIMEOUT | hang once the time-out expires (8) |
 * | NUMERIC_EVENT_NAME | values swapped when the number equals an open task's (4) |
 * | TASK_LISTED_TWICE | timer: never ends; activity: runs twice, later results are wrong (2) |
 * | RETRY_LEFT_BEHIND | later activities get each other's results (3) |
 * | NOTHING_TO_WAIT_FOR | silent hang, for example after `throw undefined` (7) |
 * | VERSION_NOT_SERVED | stays Pending for ever (25) |
 * | LOCK_RULES | the extension throws where nobody catches it: silent hang |
 * | TOKEN_SOURCE | not covered: there is no managed identity on one machine |
 *
 * Instance ids that a storage account refuses are accepted, as recorded, and warned of.
 */
export type RefusalCode =
  | 'UNKNOWN_ACTIVITY'
  | 'UNKNOWN_ORCHESTRATOR'
  | 'UNKNOWN_ENTITY'
  | 'CHILD_ID_IN_USE'
  | 'RETRY_TIMEOUT'
  | 'NUMERIC_EVENT_NAME'
  | 'TASK_LISTED_TWICE'
  | 'RETRY_LEFT_BEHIND'
  | 'NOTHING_TO_WAIT_FOR'
  | 'VERSION_NOT_SERVED'
  | 'LOCK_RULES'
  | 'TOKEN_SOURCE';

/** The text becomes the instance's output; it names the shape and the remedy. */
export class RefusedShapeError extends Error {
  override readonly name = 'RefusedShapeError';
  readonly code: RefusalCode;

  constructor(code: RefusalCode, what: string, remedy: string) {
    super(`${code}: ${what} On Azure this would hang or corrupt the orchestration. ${remedy}`);
    this.code = code;
  }
}

export function childIdInUse(id: string): RefusedShapeError {
  return new RefusedShapeError(
    'CHILD_ID_IN_USE',
    `A child orchestration asks for the instance id '${id}', which belongs to an instance that has not ended.`,
    'Leave the child id out, or derive one that no other running instance has.',
  );
}
