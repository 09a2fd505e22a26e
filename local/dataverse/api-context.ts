import type { Model } from './model.ts';
import type { RowReference } from './payload.ts';
import type { RowStore } from './row-store.ts';

/** What every operation of one call has at hand. */
export interface ApiContext {
  readonly model: Model;
  readonly store: RowStore;
  /** Ends in `/api/data/v9.2/`. */
  readonly baseUrl: string;
  /** User agent product of the caller. */
  readonly agent: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  /** Milliseconds that the index of a newly declared key takes to become Active. */
  readonly keyBuildMs: number;
  /** Milliseconds that a delta link lives. */
  readonly deltaLifeMs: number;
  /** Rows made by earlier parts of the change set, by `$` and Content-ID. */
  readonly references: ReadonlyMap<string, RowReference>;
}
