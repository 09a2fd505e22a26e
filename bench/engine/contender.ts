import type { Case } from './cases.ts';

/** An engine with nothing but this work to do, in a process of its own. */
export interface Contender {
  /** What is being measured, with its versions. */
  readonly versions: Readonly<Record<string, string>>;
  /** Runs all instances of the case at once; resolves when all have ended. */
  run(work: Case): Promise<Finished>;
  close(): Promise<void>;
}

export interface Finished {
  /** What each instance returned; asking is no part of the measured time. */
  outputs(): Promise<readonly unknown[]>;
}

export interface Prepare {
  /** A folder of its own, removed afterwards. */
  readonly folder: string;
}

/** Why an engine cannot be measured on this machine. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable';
}

export type Answer =
  | { readonly kind: 'ready'; readonly versions: Readonly<Record<string, string>> }
  | { readonly kind: 'unavailable'; readonly reason: string }
  | { readonly kind: 'passed'; readonly milliseconds: number }
  | { readonly kind: 'failed'; readonly reason: string };
