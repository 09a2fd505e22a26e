import type { Action } from './actions.ts';
import { entityFromId } from './entity-messages.ts';
import { httpActivityName } from './http-activity.ts';
import type { OrchestratorAnswer } from './orchestrator-answer.ts';
import type { InstanceRecord } from './records.ts';
import { childIdInUse, type RefusalCode, RefusedShapeError } from './refused-shape.ts';
import type { Replay } from './replay.ts';
import type { Effect } from './replay-book.ts';
import type { DurableWorker } from './worker.ts';

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

/** Why an action breaks the rules of a critical section, if it does. */
function brokenLockRule(held: readonly string[], action: Action): string | undefined {
  if (action.kind === 'lock') return 'asks for more locks';
  if (action.kind === 'child') return `calls the orchestration '${action.name}'`;
  if (action.kind !== 'entity') return undefined;
  const isHeld = held.includes(action.target);
  if (action.signal) return isHeld ? `signals '${action.target}', whose lock it holds` : undefined;
  return isHeld ? undefined : `calls '${action.target}', whose lock it does not hold`;
}

/** Refuses what the extension throws at inside a critical section, where nobody catches it. */
export function checkUnderLock(held: readonly string[] | undefined, action: Action): void {
  const broken = held === undefined ? undefined : brokenLockRule(held, action);
  if (broken === undefined) return;
  throw new RefusedShapeError(
    'LOCK_RULES',
    `The orchestrator ${broken} while it holds locks.`,
    'Lock every entity at once, call only those inside, and release before anything else.',
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
