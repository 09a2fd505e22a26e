import type { FhirRequest, Reply } from '../interaction.ts';
import type { Json } from '../json.ts';

/** Kinds of asynchronous operations; each is a segment of `_operations/{kind}/{id}`. */
export const jobKinds = ['export', 'import', 'reindex', 'bulk-delete'] as const;

export type JobKindName = (typeof jobKinds)[number];

export type JobState = 'queued' | 'running' | 'completed' | 'failed' | 'cancelled';

/** Why a job failed: the status and the text that its poll answers with. */
export interface JobFailure {
  readonly status: number;
  readonly diagnostics: string;
}

/** One asynchronous job as the database holds it. */
export interface Job {
  /** Rises with every job of this service; its text is the id in the URL. */
  readonly number: number;
  readonly kind: JobKindName;
  readonly state: JobState;
  /** True from a cancel on, also while the work is still winding down. */
  readonly cancelRequested: boolean;
  /** What was asked for; JSON, decided by the kind. */
  readonly definition: Json;
  /** What the work saved last, or undefined before it saved anything. */
  readonly progress: Json | undefined;
  /** What the work returned; only of a completed job. */
  readonly result: Json | undefined;
  readonly failure: JobFailure | undefined;
  /** Milliseconds since 1970, by the clock of the service. */
  readonly createdAt: number;
  readonly endedAt: number | undefined;
}

/** One unit of a job, such as a byte range of an input file. */
export interface JobPart {
  /** From 1 in the order they were added. */
  readonly number: number;
  readonly definition: Json;
  /** Undefined until the part is finished. */
  readonly result: Json | undefined;
}

/** A job's side of its own run. */
export interface JobRun {
  /** As it was when this run began. */
  readonly job: Job;
  /** Aborted by a cancel and by `close`; `pause` throws then. */
  readonly signal: AbortSignal;
  /** Keeps JSON for status answers and for a run after a restart. Safe inside a repository transaction. */
  save(progress: Json): void;
  /** Lets waiting HTTP requests go first. To be awaited every 10 ms of work or so. */
  pause(): Promise<void>;
  /** Units that survive a restart; empty until `addParts`. */
  parts(): readonly JobPart[];
  addParts(definitions: readonly Json[]): readonly JobPart[];
  finishPart(number: number, result: Json): void;
}

/** What a kind of job does; handed to `Jobs.register` once at start. */
export interface JobKind {
  /**
   * Does the work and returns the result. It runs again from the start, with the
   * saved progress and parts at hand, when the process ended in between, so it
   * must be safe to run twice. Throwing `FhirError` fails the job with that
   * status and text; anything else fails it with 500.
   */
  readonly run: (run: JobRun) => Promise<Json>;
  /** Answers `GET _operations/{kind}/{id}`. */
  readonly status: (job: Job, request: FhirRequest) => Reply;
  /** Answers `DELETE _operations/{kind}/{id}`; `cancel` stops the work and keeps what it has done. */
  readonly cancel: (job: Job, cancel: () => void, request: FhirRequest) => Reply;
}
