export type Outcome = 'succeeded' | 'failed';

/** A one-shot ending that can be watched; the replayer's stand-in for a .NET Task, run synchronously. */
export class Settlement {
  outcome: Outcome | undefined;
  /** JSON text of the result of a task whose value steers the replay (callHttp); otherwise undefined. */
  result: string | undefined;
  readonly #watchers: (() => void)[] = [];

  /** Only the first call counts. */
  settle(outcome: Outcome, result?: string): void {
    if (this.outcome !== undefined) return;
    this.outcome = outcome;
    this.result = result;
    for (const watcher of this.#watchers.splice(0)) watcher();
  }

  /** Calls back when settled, at once if it already is. */
  whenSettled(watcher: () => void): void {
    if (this.outcome === undefined) this.#watchers.push(watcher);
    else watcher();
  }
}
