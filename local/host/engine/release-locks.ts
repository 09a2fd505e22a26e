import { releaseRequest } from './entity-messages.ts';
import { EventType, historyEvent } from './history.ts';
import type { Outbox, Runtime } from './runtime.ts';

/**
 * Gives back what an orchestration that failed or was terminated still holds.
 * On the real host such a lock stays until entity storage is cleaned, and
 * everybody else waits; here nothing waits for a holder that has ended.
 */
export function releaseFor(
  scope: { readonly runtime: Runtime; readonly outbox: Outbox; readonly now: number },
  instanceId: string,
): void {
  const { store } = scope.runtime;
  for (const entity of store.entitiesLockedBy(instanceId)) {
    const Input = JSON.stringify(releaseRequest({ instanceId }, 'fix-orphaned-lock'));
    const event = historyEvent(EventType.EventRaised, scope.now, { Name: 'release', Input });
    scope.outbox.messages.push(
      store.addMessage({ instanceId: entity, executionId: null, due: null, event }),
    );
  }
}
