import { type Action, isObject } from './actions.ts';
import { EventType, type HistoryEvent } from './history.ts';
import { checkScheduled, NonDeterminismError } from './non-determinism.ts';
import type { OrchestratorAnswer } from './orchestrator-answer.ts';
import { type Leaf, ReplayBook } from './replay-book.ts';
import { releaseLocks } from './replay-entities.ts';
import type { ReplayScope, TimerLimits } from './replay-scope.ts';
import { startTask } from './replay-tasks.ts';
import type { Settlement } from './settlement.ts';

/** How the generation stands after all events were fed. */
export type ReplayEnding =
  | { readonly kind: 'running' }
  | { readonly kind: 'suspended'; readonly reason: string | null }
  | { readonly kind: 'completed' }
  /** `bare` failures carry their text without the extension's prefix. */
  | { readonly kind: 'failed'; readonly error: string; readonly bare?: true }
  | { readonly kind: 'terminated'; readonly reason: string | null }
  | {
      readonly kind: 'continuedAsNew';
      readonly input: unknown;
      readonly carried: readonly HistoryEvent[];
    };

export interface ReplayInput {
  readonly instanceId: string;
  readonly executionId: string;
  readonly history: readonly HistoryEvent[];
  readonly answer: OrchestratorAnswer;
  readonly limits: TimerLimits;
}

/**
 * Replays an orchestrator's action list against its history, as the
 * extension's shim and DTFx do together (facts durable-host 3.1): action i+1
 * starts when action i has settled; completions are fed in history order.
 * What was started and is not in the history is new work.
 */
export class Replay {
  readonly book = new ReplayBook();
  readonly #scope: ReplayScope;
  readonly #answer: OrchestratorAnswer;
  readonly #carried: HistoryEvent[] = [];
  readonly #held: HistoryEvent[] = [];
  #position = 0;
  #current: Settlement | undefined;
  #started = false;
  #suspended: { readonly reason: string | null } | undefined;
  #nextInput: { readonly input: unknown } | undefined;
  #ending: ReplayEnding | undefined;

  constructor(input: ReplayInput) {
    this.#answer = input.answer;
    this.#scope = {
      book: this.book,
      limits: input.limits,
      instanceId: input.instanceId,
      executionId: input.executionId,
    };
    this.#replay(input.history);
  }

  /** As in DTFx, what was scheduled before history and actions fell apart is scheduled all the same. */
  #replay(history: readonly HistoryEvent[]): void {
    try {
      for (const event of history) this.#feed(event);
      this.#finishIfReady();
    } catch (error) {
      if (!(error instanceof NonDeterminismError)) throw error;
      this.#ending = { kind: 'failed', error: error.message, bare: true };
    }
  }

  get ending(): ReplayEnding {
    if (this.#ending !== undefined) return this.#ending;
    if (this.#suspended !== undefined) return { kind: 'suspended', ...this.#suspended };
    return { kind: 'running' };
  }

  /** Work to release, in number order; none while suspended. */
  get newLeaves(): readonly Leaf[] {
    return this.#suspended === undefined || this.#ending !== undefined
      ? [...this.book.unconfirmed.values()]
      : [];
  }

  /** Events that are carried into the next generation although this one has consumed them. */
  get deliveredAgain(): readonly string[] {
    return this.#carried
      .map((event) => event.Name ?? '')
      .filter((name) => this.book.hasWaiter(name));
  }

  /** Actions not yet started because an earlier one has not settled. */
  get gatedActions(): readonly Action[] {
    return this.#answer.actions.slice(this.#position + (this.#current === undefined ? 0 : 1));
  }

  /** True when the action that the others wait for may still take task numbers. */
  get gateTakesNumbers(): boolean {
    return this.book.numberTakers > 0 && this.#current !== undefined;
  }

  #feed(event: HistoryEvent): void {
    if (event.EventType === EventType.ExecutionTerminated) {
      this.#ending ??= { kind: 'terminated', reason: event.Input ?? null };
      return;
    }
    if (event.EventType === EventType.ExecutionResumed) {
      this.#resume();
      return;
    }
    if (this.#suspended !== undefined && event.EventType !== EventType.OrchestratorStarted) {
      this.#held.push(event);
      return;
    }
    this.#process(event);
  }

  #resume(): void {
    this.#suspended = undefined;
    for (const event of this.#held.splice(0)) this.#feed(event);
  }

  #process(event: HistoryEvent): void {
    switch (event.EventType) {
      case EventType.OrchestratorStarted:
        this.book.now = Math.max(this.book.now, Date.parse(event.Timestamp));
        break;
      case EventType.ExecutionStarted:
        this.#started = true;
        this.#advance();
        break;
      case EventType.ExecutionSuspended:
        this.#suspended = { reason: event.Reason ?? null };
        break;
      case EventType.TaskScheduled:
      case EventType.SubOrchestrationInstanceCreated:
      case EventType.TimerCreated:
      case EventType.EventSent:
        this.#confirm(event);
        break;
      case EventType.TaskCompleted:
      case EventType.SubOrchestrationInstanceCompleted:
        this.#settle(event.TaskScheduledId, 'succeeded', event.Result ?? undefined);
        break;
      case EventType.TaskFailed:
      case EventType.SubOrchestrationInstanceFailed:
        this.#settle(event.TaskScheduledId, 'failed');
        break;
      case EventType.TimerFired:
        this.#settle(event.TimerId, 'succeeded');
        break;
      case EventType.EventRaised:
        // As on the real host, also when a cancelled timer let the replay reach
        // continueAsNew before an event that the orchestrator has consumed.
        if (this.#nextInput !== undefined) this.#carried.push(event);
        else this.book.raise(event.Name ?? '');
        break;
    }
  }

  #confirm(event: HistoryEvent): void {
    const leaf = this.book.unconfirmed.get(event.EventId);
    checkScheduled(event, leaf);
    this.book.unconfirmed.delete(event.EventId);
    if (leaf?.onRequestId === undefined) return;
    const request: unknown = JSON.parse(event.Input ?? 'null');
    if (isObject(request) && typeof request['id'] === 'string') leaf.onRequestId(request['id']);
  }

  #settle(id: number | undefined, outcome: 'succeeded' | 'failed', result?: string): void {
    if (id !== undefined) this.book.open.get(id)?.settlement.settle(outcome, result);
  }

  #advance(): void {
    while (this.#position < this.#answer.actions.length) {
      const action = this.#answer.actions[this.#position];
      if (action === undefined) return;
      if (action.kind === 'continueAsNew') this.#nextInput = { input: action.input };
      const task = startTask(this.#scope, action);
      if (task.outcome === undefined) {
        this.#current = task;
        task.whenSettled(() => {
          this.#current = undefined;
          this.#position += 1;
          this.#advance();
        });
        return;
      }
      this.#position += 1;
    }
  }

  #finishIfReady(): void {
    const { isDone, error, actions } = this.#answer;
    if (!this.#started || this.#suspended !== undefined || this.#ending !== undefined) return;
    if (this.#position < actions.length || this.book.open.size > 0) return;
    if (!isDone && error === undefined) return;
    releaseLocks(this.#scope);
    if (error !== undefined) this.#ending = { kind: 'failed', error };
    else if (this.#nextInput === undefined) this.#ending = { kind: 'completed' };
    else
      this.#ending = {
        kind: 'continuedAsNew',
        input: this.#nextInput.input,
        carried: this.#carried,
      };
  }
}
