import type { Action } from './actions.ts';
import { entityFromId } from './entity-messages.ts';
import { httpActivityName } from './http-activity.ts';
import type { OrchestratorAnswer } from './orchestrator-answer.ts';
import type { InstanceRecord } from './records.ts';
import type { Replay } from './replay.ts';
import type { Effect } from './replay-book.ts';
import type { DurableWorker } from './worker.ts';

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
 * | TOKEN_SOURCE | not covered: there is no managed identity on one machine |
 *
 * Three answers of the management API are stricter as well: ids that a storage
 * account refuses and a start body of blanks are 400 (recorded: 202), and so is
 * a signal to an entity that is not registered.
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

/** Refuses what is wrong in an action by itself. */
export function checkAction(action: Action): void {
  if (action.kind === 'event' && /^\d+$/.test(action.name)) {
    throw new RefusedShapeError(
      'NUMERIC_EVENT_NAME',
      `The external event name '${action.name}' is a number and shares the table of task numbers.`,
      'Give the event a name that is no number.',
    );
  }
  if (
    (action.kind === 'activity' || action.kind === 'child') &&
    action.retry?.timeoutMs !== undefined
  ) {
    throw new RefusedShapeError(
      'RETRY_TIMEOUT',
      `The retry of '${action.name}' sets retryTimeoutInMilliseconds.`,
      'Bound the retry with maxNumberOfAttempts and maxRetryIntervalInMilliseconds instead.',
    );
  }
  if (action.kind === 'http' && hasTokenSource(action.request)) {
    throw new RefusedShapeError(
      'TOKEN_SOURCE',
      'callHttp with a tokenSource needs a managed identity.',
      'Get the token in an activity.',
    );
  }
}

function hasTokenSource(request: unknown): boolean {
  return (
    typeof request === 'object' &&
    request !== null &&
    'tokenSource' in request &&
    !!request.tokenSource
  );
}

/** Refuses new work that nobody could do. */
export function checkEffect(effect: Effect, instance: InstanceRecord, worker: DurableWorker): void {
  if (effect.kind === 'activity' && effect.name !== httpActivityName) {
    if (worker.find('activity', effect.name) === undefined) {
      throw unknown('UNKNOWN_ACTIVITY', 'activity', effect.name);
    }
  } else if (effect.kind === 'child') {
    if (worker.find('orchestrator', effect.name) === undefined) {
      throw unknown('UNKNOWN_ORCHESTRATOR', 'orchestration', effect.name);
    }
    const family = [instance.id, instance.parent?.instanceId];
    if (effect.instanceId !== undefined && family.includes(effect.instanceId)) {
      throw childIdInUse(effect.instanceId);
    }
  } else if (effect.kind === 'send') {
    const name = entityFromId(effect.target)?.name ?? effect.target;
    if (worker.find('entity', name) === undefined) throw unknown('UNKNOWN_ENTITY', 'entity', name);
  }
}

export function childIdInUse(id: string): RefusedShapeError {
  return new RefusedShapeError(
    'CHILD_ID_IN_USE',
    `A child orchestration asks for the instance id '${id}', which belongs to an instance that has not ended.`,
    'Leave the child id out, or derive one that no other running instance has.',
  );
}

function unknown(code: RefusalCode, kind: string, name: string): RefusedShapeError {
  return new RefusedShapeError(
    code,
    `The orchestrator calls the ${kind} '${name}', which is not registered.`,
    `Register it with df.app.${kind}('${name}', ...) or mend the spelling.`,
  );
}

/** Task numbers that an action takes when it starts; `locked` is the size of the critical section it may release. */
function numbersOf(action: Action, locked: number): number {
  switch (action.kind) {
    case 'event':
    case 'continueAsNew':
      return 0;
    case 'all':
    case 'any':
      return action.children.reduce((sum, child) => sum + numbersOf(child, locked), 0);
    case 'release':
      return locked;
    default:
      return 1;
  }
}

/**
 * The SDK and this engine must number tasks alike. `sdkNumbers` is the SDK's
 * counter after the call. Where code moved on before all() settled here, the
 * SDK is ahead by exactly the actions that still wait, and that is safe only
 * if what they wait for takes no more numbers.
 */
export function checkNumbers(
  replay: Replay,
  answer: OrchestratorAnswer,
  sdkNumbers: number | undefined,
): void {
  if (sdkNumbers === undefined || answer.isDone || answer.error !== undefined) return;
  if (replay.ending.kind !== 'running') return;
  let locked = replay.book.lock?.entities.length ?? 0;
  let waiting = replay.book.reserved;
  for (const action of replay.gatedActions) {
    waiting += numbersOf(action, locked);
    if (action.kind === 'lock') locked = action.lockSet.length;
  }
  if (replay.book.nextId + waiting > sdkNumbers) {
    throw new RefusedShapeError(
      'TASK_LISTED_TWICE',
      'A task that was yielded in one any() or all() was put into another one.',
      'Create a new task for each any() or all(); only waits for external events may be listed again.',
    );
  }
  const overtaken = replay.gatedActions.length > 0 && waiting > 0 && replay.gateTakesNumbers;
  if (replay.book.nextId + waiting < sdkNumbers || overtaken || replay.book.tookReserved) {
    throw new RefusedShapeError(
      'RETRY_LEFT_BEHIND',
      'The orchestrator went on, or runs other work, beside a retry or a polling callHttp that still takes task numbers.',
      'Let fan-out activities return outcomes instead of throwing; retry and poll only in a lone yield.',
    );
  }
}

/** Refuses an orchestrator that waits for nothing that could ever come. */
export function checkWaiting(replay: Replay, answer: OrchestratorAnswer): void {
  if (replay.ending.kind !== 'running' || answer.isDone || answer.error !== undefined) return;
  if (replay.book.waitsForSomething || replay.book.metOtherSpelling) return;
  if (replay.newLeaves.length > 0) return;
  throw new RefusedShapeError(
    'NOTHING_TO_WAIT_FOR',
    'The orchestrator has not ended and no task, timer or event can wake it.',
    'Throw Error objects only, and yield nothing but tasks of this generation.',
  );
}
