import type { CustomizationLog } from './customizations/customization-log.ts';
import type { ElasticReplica } from './elastic/session-token.ts';
import type { CallFacts } from './events/call-facts.ts';
import type { CallMemory } from './events/call-memory.ts';
import type { EventPipeline } from './events/event-pipeline.ts';
import type { Frame, RowEvent } from './events/row-event.ts';
import type { Model } from './model.ts';
import type { RowReference } from './payload.ts';
import type { RowStore } from './row-store.ts';
import type { Caller } from './security/caller.ts';

/** What every operation of one call has at hand. */
export interface ApiContext {
  readonly model: Model;
  readonly store: RowStore;
  /** Ends in `/api/data/v9.2/`. */
  readonly baseUrl: string;
  /** User agent product of the caller. */
  readonly agent: string;
  readonly caller: Caller;
  /** Header of the whole call; parts of a batch that impersonate are judged by it. */
  readonly authorization: string | undefined;
  /** True when the request asks for duplicate detection, which is off by default. */
  readonly detectsDuplicates: boolean;
  /** A fault: reads see rows as they were before their last write. */
  readonly isStale: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly customizations: CustomizationLog;
  /** How far reads of elastic tables lag behind. */
  readonly replica: ElasticReplica;
  readonly events: EventPipeline;
  /** What the call remembers when it is run again. */
  readonly memory: CallMemory;
  readonly call: CallFacts;
  /** The write that this one is part of; undefined: the caller's own. */
  readonly frame: Frame | undefined;
  /** Takes up the events of a bulk message, whose own steps run once at its end. */
  readonly bulk: RowEvent[] | undefined;
  /** Milliseconds that the index of a newly declared key takes to become Active. */
  readonly keyBuildMs: number;
  /** Milliseconds that a delta link lives. */
  readonly deltaLifeMs: number;
  /** Rows made by earlier parts of the change set, by `$` and Content-ID. */
  readonly references: ReadonlyMap<string, RowReference>;
}
