import type { Table } from '../model.ts';
import type { Payload } from '../payload.ts';
import type { Row, RowValues } from '../row.ts';
import type { Caller } from '../security/caller.ts';
import type { CallFacts } from './call-facts.ts';

/** One row about to be written, or just written. */
export interface RowEvent {
  readonly message: 'Create' | 'Update' | 'Delete';
  readonly table: Table;
  readonly id: string;
  /** The row as it was; undefined for Create. */
  readonly before: Row | undefined;
  /** The row as it is; undefined before the write and for Delete. */
  readonly after?: Row | undefined;
  /** What the caller sent. */
  readonly payload: Payload;
}

/** The write that made this one: a step that writes rows starts writes one level deeper. */
export interface Frame {
  readonly depth: number;
  /** Execution context of the outer write, as JSON. */
  readonly context: object;
}

/** What is said about the call that an event happened in. */
export interface EventSetting {
  readonly call: CallFacts;
  readonly frame: Frame | undefined;
  readonly caller: Caller;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly correlationId: string;
  readonly operationId: string;
}

export const noPayload: Payload = { values: new Map(), columns: [] };

/** The values that an event tells as its target, and the columns it tells. */
export function targetOf(event: RowEvent): {
  readonly values: RowValues;
  readonly names: readonly string[] | undefined;
} {
  const { message, after, payload } = event;
  if (after === undefined) {
    const sent = [...payload.values].flatMap(([name, value]) =>
      value === null ? [] : [[name, value] as const],
    );
    return { values: Object.fromEntries(sent), names: payload.columns };
  }
  if (message === 'Create') {
    return { values: after.values, names: undefined };
  }
  return { values: after.values, names: [...payload.columns, 'modifiedon', 'modifiedby'] };
}

/** Does the event touch one of these columns? Deletes and creates touch them all. */
export function touches(event: RowEvent, columns: ReadonlySet<string> | undefined): boolean {
  const { message, payload } = event;
  return (
    columns === undefined ||
    message !== 'Update' ||
    payload.columns.some((name) => columns.has(name))
  );
}

/** The payload with these values laid over what the caller sent. */
export function overlaid(payload: Payload, changes: Payload): Payload {
  return {
    values: new Map([...payload.values, ...changes.values]),
    columns: [...new Set([...payload.columns, ...changes.columns])],
  };
}
