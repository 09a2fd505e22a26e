import { spelled } from './normalise.ts';
import type { Recording } from './recordings.ts';
import type { SeenEpisode } from './scenario-driver.ts';

export type Event = Readonly<Record<string, unknown>> & {
  readonly EventType: number;
  readonly EventId: number;
};

/** What the worker was shown of one execution: its last payload, and how its first one began. */
export interface Generation {
  readonly episodes: number;
  readonly events: readonly Event[];
  readonly played: string;
  readonly input: unknown;
  readonly parent: unknown;
}

/** Left out of recorded payloads when null or false (conformance README). */
const sometimesLeftOut = new Set([
  'IsPlayed',
  'Correlation',
  'ParentTraceContext',
  'GenerateNewTrace',
  'ScheduledStartTime',
  'ClientSpanId',
]);

function kept(event: Event): Event {
  const fields = Object.entries(event).filter(([key]) => !sometimesLeftOut.has(key));
  return Object.fromEntries(fields) as Event;
}

export function recordedGenerations(
  instance: Recording['instances'][string] | undefined,
): readonly Generation[] {
  const generations: Generation[] = [];
  for (const episode of instance?.episodes ?? []) {
    const last = episode.historyReset === true ? undefined : generations.pop();
    generations.push({
      episodes: (last?.episodes ?? 0) + 1,
      events: [...(last?.events ?? []), ...episode.newEvents.map(kept)],
      played: episode.played,
      input: last === undefined ? episode.input : last.input,
      parent: last === undefined ? episode.parentInstanceId : last.parent,
    });
  }
  return generations;
}

function executionOf({ history }: SeenEpisode): string {
  const started = history.find((event) => event.EventType === 0);
  return JSON.stringify((started as Event | undefined)?.['OrchestrationInstance']);
}

export function generationsHere(episodes: readonly SeenEpisode[]): readonly Generation[] {
  const byExecution = Map.groupBy(episodes, executionOf);
  return [...byExecution.values()].map((of) => {
    const history = of.at(-1)?.history ?? [];
    return {
      episodes: of.length,
      events: history.map((event) => kept(event as Event)),
      played: history.map((event) => Number(event.IsPlayed)).join(''),
      input: of[0]?.input,
      parent: of[0]?.parentInstanceId,
    };
  });
}

const scheduling = new Set([4, 7, 10, 14]);

/** Recorded and real ids alike are found in the request's text. */
function requestId(event: Event): string {
  return /"id":"([^"]*)"/.exec(String(event['Input']))?.[1] ?? '';
}

/** True when more than one task was open at some time: then order and batches of their endings are the clock's. */
export function isParallel(events: readonly Event[]): boolean {
  const calls = events.filter((event) => event.EventType === 14);
  const sent = new Map(calls.map((event) => [requestId(event), event.EventId]));
  const open = new Set<unknown>();
  return events.some((event) => {
    if (scheduling.has(event.EventType) && event['Name'] !== 'release') open.add(event.EventId);
    open.delete(event['TaskScheduledId'] ?? event['TimerId'] ?? sent.get(String(event['Name'])));
    return open.size > 1;
  });
}

const brackets = new Set([12, 13]);

/** Events without their order and without the brackets of episodes. */
export function asSet(events: readonly Event[]): readonly string[] {
  return events
    .filter((event) => !brackets.has(event.EventType))
    .map(spelled)
    .sort();
}
