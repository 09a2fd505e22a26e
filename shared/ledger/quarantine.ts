import type { QuarantinedEvent } from '../events/index.ts';
import { keyPart, type StateTable } from './state-table.ts';

export interface Quarantine {
  record(instanceId: string, events: readonly QuarantinedEvent[]): Promise<void>;
}

/** Keeps what the intake could not read: place, problem and remedy, never the event's content. */
export function createQuarantine(table: StateTable): Quarantine {
  return {
    record: async (instanceId, events) => {
      const partition = keyPart(instanceId);
      await table.putAll(
        events.map((event) => ({ key: { partition, row: String(event.index) }, body: event })),
      );
    },
  };
}
