/** One line of a comparison. `others` holds the same figure of each contender, by its name and version. */
export interface Row {
  readonly case: string;
  readonly unit: string;
  readonly higherIsBetter: boolean;
  readonly ours: number;
  readonly others: Readonly<Record<string, number>>;
}

export interface Measurement {
  /** Version of everything measured, and of Node. */
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
  /** How it was measured, and what was left out and why; printed below the table. */
  readonly notes?: readonly string[];
}

export interface BenchOptions {
  /** Size of the work, 1 for the published figures; less for a quick look. */
  readonly scale: number;
  /** Resources of a large store, where a benchmark has one; absent: decided by the scale. */
  readonly resources?: number | undefined;
  /** One line of progress. */
  readonly say: (line: string) => void;
}

/** What `bench/<name>/index.ts` exports as `run`. */
export type Benchmark = (options: BenchOptions) => Promise<Measurement>;

/** The file of `--summary`, and of bench/results. */
export interface Summary {
  readonly bench: string;
  /** ISO 8601, UTC. */
  readonly date: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly rows: readonly Row[];
}
