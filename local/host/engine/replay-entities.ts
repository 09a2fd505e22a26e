import type { EntityAction, LockAction } from './actions.ts';
import { entityId, newRequest, releaseRequest } from './entity-messages.ts';
import type { ReplayScope } from './replay-scope.ts';
import { Settlement } from './settlement.ts';
import { checkUnderLock } from './shape-checks.ts';
import { jsonInput } from './task-inputs.ts';

/** A call settles with the entity's answer, a signal at once. */
export function entityTask(scope: ReplayScope, action: EntityAction): Settlement {
  const { target, operation, signal, due } = action;
  checkUnderLock(scope.book.lock?.entities, action);
  const input = jsonInput(action.input);
  const request = newRequest(scope, target, { op: operation, input, signal });
  const answer = new Settlement();
  scope.book.schedule({
    kind: 'send',
    name: 'op',
    effect: (id) => ({
      kind: 'send',
      id,
      target,
      name: 'op',
      message: request,
      ...(due === undefined ? {} : { due }),
    }),
    ...(signal ? {} : { onRequestId: (id: string) => scope.book.expectAnswer(id, answer) }),
  });
  if (signal) answer.settle('succeeded');
  return answer;
}

/** Asks for the entities of a critical section, in the order of their ids. */
export function lockTask(scope: ReplayScope, action: LockAction): Settlement {
  checkUnderLock(scope.book.lock?.entities, action);
  const lockset = action.lockSet
    .map(({ name, key }) => ({ name: name.toLowerCase(), key }))
    .sort((a, b) => (entityId(a) < entityId(b) ? -1 : 1));
  const entities = lockset.map(entityId);
  const target = entities[0] ?? '';
  const section: { readonly entities: readonly string[]; requestId: string | undefined } = {
    entities,
    requestId: undefined,
  };
  scope.book.lock = section;
  const answer = new Settlement();
  const request = newRequest(scope, target, { lockset });
  scope.book.schedule({
    kind: 'send',
    name: 'op',
    effect: (id) => ({ kind: 'send', id, target, name: 'op', message: request }),
    onRequestId: (id) => {
      section.requestId = id;
      scope.book.expectAnswer(id, answer);
    },
  });
  return answer;
}

/** Sends one release per locked entity; a no-op when nothing is locked. */
export function releaseLocks(scope: ReplayScope): void {
  const held = scope.book.lock;
  scope.book.lock = undefined;
  for (const target of held?.entities ?? []) {
    const message = releaseRequest(scope, held?.requestId ?? '');
    scope.book.schedule({
      kind: 'send',
      name: 'release',
      effect: (id) => ({ kind: 'send', id, target, name: 'release', message }),
    });
  }
}
