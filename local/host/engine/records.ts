import type { HistoryEvent } from './history.ts';

export type RuntimeStatus =
  | 'Pending'
  | 'Running'
  | 'Suspended'
  | 'Completed'
  | 'Failed'
  | 'Terminated';

export const terminalStatuses: ReadonlySet<RuntimeStatus> = new Set([
  'Completed',
  'Failed',
  'Terminated',
]);

export interface ParentLink {
  readonly name: string;
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskId: number;
}

/** One instance as its row says; texts of values are JSON. Times are milliseconds since 1970. */
export interface InstanceRecord {
  readonly row: number;
  readonly id: string;
  readonly name: string;
  readonly executionId: string;
  readonly parent: ParentLink | null;
  readonly status: RuntimeStatus;
  readonly input: string | null;
  readonly output: string | null;
  readonly customStatus: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Number of continue-as-new so far. */
  readonly generation: number;
  /** True when the generation's history is written and its first episode is still owed. */
  readonly owesEpisode: boolean;
}

/** A message to an instance: a history event to be appended by the next episode. */
export interface Message {
  readonly id: number;
  readonly instanceId: string;
  /** When set, the message is for this execution only. */
  readonly executionId: string | null;
  /** Not visible before, milliseconds since 1970; null for at once. */
  readonly due: number | null;
  readonly event: HistoryEvent;
  /** Earlier processes that died while it waited or was worked on. */
  readonly attempts: number;
}

export type NewMessage = Omit<Message, 'id' | 'attempts'>;

/** An activity call that is owed. */
export interface Work {
  readonly id: number;
  readonly instanceId: string;
  readonly executionId: string;
  readonly taskId: number;
  readonly name: string;
  readonly input: string | null;
  /** Earlier processes that died while it ran. */
  readonly attempts: number;
}

export type NewWork = Omit<Work, 'id' | 'attempts'>;

/** How an entity stands between batches. */
export interface EntityRecord {
  readonly id: string;
  readonly exists: boolean;
  readonly state: string | null;
  /** Request id of the lock that holds it. */
  readonly lockedBy: string | null;
  /** EventRaised inputs that wait for the lock to be released, oldest first. */
  readonly queue: readonly HistoryEvent[];
  readonly updatedAt: number;
  readonly createdAt: number;
}
