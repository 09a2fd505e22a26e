import { z } from 'zod';
import type { HistoryEvent } from './history.ts';
import type { EntityRecord, InstanceRecord, Message, Work } from './records.ts';
import { numberOf, type Row, textOf, textOrNull } from './row.ts';
import { StoreError } from './store-error.ts';

const statusText = z.enum(['Pending', 'Running', 'Suspended', 'Completed', 'Failed', 'Terminated']);

const parentLink = z.object({
  name: z.string(),
  instanceId: z.string(),
  executionId: z.string(),
  taskId: z.number(),
});

function isHistoryEvent(value: unknown): value is HistoryEvent {
  return (
    typeof value === 'object' && value !== null && 'EventType' in value && 'Timestamp' in value
  );
}

function events(value: unknown): HistoryEvent[] {
  if (Array.isArray(value) && value.every(isHistoryEvent)) return value;
  throw new StoreError('the store holds a history that is no list of events');
}

export function historyFromText(row: Row): HistoryEvent[] {
  return events(JSON.parse(textOf(row, 'events')));
}

export function instanceFromRow(row: Row): InstanceRecord {
  const parent = textOrNull(row, 'parent');
  return {
    row: numberOf(row, 'row'),
    id: textOf(row, 'id'),
    name: textOf(row, 'name'),
    executionId: textOf(row, 'execution'),
    parent: parent === null ? null : parentLink.parse(JSON.parse(parent)),
    status: statusText.parse(row['status']),
    input: textOrNull(row, 'input'),
    output: textOrNull(row, 'output'),
    customStatus: textOrNull(row, 'custom_status'),
    createdAt: numberOf(row, 'created'),
    updatedAt: numberOf(row, 'updated'),
    generation: numberOf(row, 'generation'),
    owesEpisode: row['owes_episode'] === 1,
  };
}

export function messageFromRow(row: Row): Message {
  const event: unknown = JSON.parse(textOf(row, 'event'));
  if (!isHistoryEvent(event)) throw new StoreError('the store holds a message that is no event');
  const due = row['due'];
  return {
    id: numberOf(row, 'id'),
    instanceId: textOf(row, 'instance'),
    executionId: textOrNull(row, 'execution'),
    due: typeof due === 'number' ? due : null,
    event,
    attempts: numberOf(row, 'attempts'),
  };
}

export function workFromRow(row: Row): Work {
  return {
    id: numberOf(row, 'id'),
    instanceId: textOf(row, 'instance'),
    executionId: textOf(row, 'execution'),
    taskId: numberOf(row, 'task'),
    name: textOf(row, 'name'),
    input: textOrNull(row, 'input'),
    attempts: numberOf(row, 'attempts'),
  };
}

export function entityFromRow(row: Row): EntityRecord {
  return {
    id: textOf(row, 'id'),
    exists: row['present'] === 1,
    state: textOrNull(row, 'state'),
    lockedBy: textOrNull(row, 'locked_by'),
    queue: events(JSON.parse(textOf(row, 'queue'))),
    createdAt: numberOf(row, 'created'),
    updatedAt: numberOf(row, 'updated'),
  };
}
