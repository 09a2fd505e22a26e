export interface FunctionCounts {
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
}

interface Counts {
  running: number;
  succeeded: number;
  failed: number;
}

/** Counts invocations by function, and tells when none is left. */
export class RunningCount {
  readonly #counts = new Map<string, Counts>();
  readonly #waiters: (() => void)[] = [];
  #total = 0;

  get total(): number {
    return this.#total;
  }

  begin(name: string): void {
    this.#of(name).running += 1;
    this.#total += 1;
  }

  end(name: string, ending: 'succeeded' | 'failed'): void {
    const counts = this.#of(name);
    counts.running -= 1;
    counts[ending] += 1;
    this.#total -= 1;
    if (this.#total === 0) for (const wake of this.#waiters.splice(0)) wake();
  }

  byFunction(): Readonly<Record<string, FunctionCounts>> {
    return Object.fromEntries([...this.#counts].map(([name, counts]) => [name, { ...counts }]));
  }

  /** @returns false when some were still running after this many milliseconds. */
  async settled(within: number): Promise<boolean> {
    if (this.#total === 0) return true;
    return new Promise((resolve) => {
      const deadline = setTimeout(() => resolve(false), within);
      this.#waiters.push(() => {
        clearTimeout(deadline);
        resolve(true);
      });
    });
  }

  #of(name: string): Counts {
    let counts = this.#counts.get(name);
    if (counts === undefined) {
      counts = { running: 0, succeeded: 0, failed: 0 };
      this.#counts.set(name, counts);
    }
    return counts;
  }
}

/** setTimeout fires at once beyond this; 24 days are as good as no limit. */
const longestTimer = 2 ** 31 - 1;

/** Rejects with `problem()` when the work takes longer; the work itself cannot be stopped and goes on unheard. */
export async function withTimeout<T>(
  work: Promise<T>,
  milliseconds: number | undefined,
  problem: () => Error,
): Promise<T> {
  if (milliseconds === undefined || milliseconds > longestTimer) return work;
  let deadline: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    deadline = setTimeout(() => reject(problem()), milliseconds);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(deadline);
  }
}
