import type { ReplayBook } from './replay-book.ts';

/** Longest single timer and the hop used beyond it, milliseconds (facts durable-host 3.1). */
export interface TimerLimits {
  readonly longestMs: number;
  readonly hopMs: number;
}

export interface ReplayScope {
  readonly book: ReplayBook;
  readonly limits: TimerLimits;
  readonly instanceId: string;
  readonly executionId: string;
}
