/** Numbers of the history event types (facts durable-host 1.2). */
export const EventType = {
  ExecutionStarted: 0,
  ExecutionCompleted: 1,
  ExecutionTerminated: 3,
  TaskScheduled: 4,
  TaskCompleted: 5,
  TaskFailed: 6,
  SubOrchestrationInstanceCreated: 7,
  SubOrchestrationInstanceCompleted: 8,
  SubOrchestrationInstanceFailed: 9,
  TimerCreated: 10,
  TimerFired: 11,
  OrchestratorStarted: 12,
  OrchestratorCompleted: 13,
  EventSent: 14,
  EventRaised: 15,
  ExecutionSuspended: 19,
  ExecutionResumed: 20,
  ExecutionRewound: 21,
} as const;

export interface InstanceReference {
  readonly InstanceId: string;
  readonly ExecutionId: string;
}

export interface ParentInstance {
  readonly Name: string;
  readonly OrchestrationInstance: InstanceReference;
  readonly TaskScheduleId: number;
  readonly Version: string | null;
}

/** One history event as the SDK reads it. Field names are the wire contract. */
export interface HistoryEvent {
  readonly EventType: number;
  readonly EventId: number;
  readonly IsPlayed: boolean;
  readonly Timestamp: string;
  readonly Name?: string | null;
  readonly Version?: string | null;
  readonly Input?: string | null;
  readonly Result?: string | null;
  readonly Reason?: string | null;
  readonly Details?: string | null;
  readonly FailureDetails?: null;
  readonly TaskScheduledId?: number;
  readonly TimerId?: number;
  readonly FireAt?: string;
  readonly InstanceId?: string;
  readonly OrchestrationInstance?: InstanceReference;
  readonly ParentInstance?: ParentInstance | null;
  readonly Generation?: number | null;
  readonly Tags?: Readonly<Record<string, string>> | null;
  readonly OrchestrationStatus?: string;
}

export type EventFields = Omit<Partial<HistoryEvent>, 'EventType' | 'IsPlayed' | 'Timestamp'>;

let lastTime = { at: Number.NaN, text: '' };

/** Many events share a millisecond, and a date is dear to spell. */
function timeText(at: number): string {
  if (lastTime.at !== at) lastTime = { at, text: new Date(at).toISOString() };
  return lastTime.text;
}

/** A new, not yet played event; EventId is -1 unless the fields name one. */
export function historyEvent(type: number, at: number, fields: EventFields = {}): HistoryEvent {
  return {
    EventId: -1,
    ...fields,
    EventType: type,
    IsPlayed: false,
    Timestamp: timeText(at),
  };
}

const outputOfAnEpisode: ReadonlySet<number> = new Set([
  EventType.TaskScheduled,
  EventType.SubOrchestrationInstanceCreated,
  EventType.TimerCreated,
  EventType.EventSent,
]);

/** The first OrchestratorCompleted of a later generation was written by the continue-as-new before it. */
function endsWithOwnCompletion(history: readonly HistoryEvent[], generation: number): boolean {
  const { OrchestratorCompleted } = EventType;
  if (history.at(-1)?.EventType !== OrchestratorCompleted) return false;
  const first = history.findIndex((event) => event.EventType === OrchestratorCompleted);
  return generation === 0 || first < history.length - 1;
}

/**
 * Marks a history as the extension shows it to the next episode (conformance
 * finding 15): everything is played except OrchestratorStarted events and what
 * the last episode itself produced.
 */
export function markPlayed(history: readonly HistoryEvent[], generation: number): HistoryEvent[] {
  let tail = history.length;
  if (endsWithOwnCompletion(history, generation)) tail -= 1;
  while (tail > 0 && outputOfAnEpisode.has(history[tail - 1]?.EventType ?? -1)) tail -= 1;
  return history.map((event, index) => {
    const played = index < tail && event.EventType !== EventType.OrchestratorStarted;
    return event.IsPlayed === played ? event : { ...event, IsPlayed: played };
  });
}
