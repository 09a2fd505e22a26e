import type { DurableWorker } from '../../../../../local/host/engine/index.ts';

interface Event {
  readonly EventType: number;
  readonly EventId: number;
  readonly TaskScheduledId?: number;
  readonly TimerId?: number;
  readonly OrchestrationInstance?: { readonly ExecutionId: string };
  readonly ParentInstance?: {
    readonly OrchestrationInstance: { readonly ExecutionId: string };
    readonly TaskScheduleId: number;
  } | null;
}

interface Payload {
  readonly instanceId: string;
  readonly history: readonly Event[];
}

const names: Readonly<Record<number, string>> = {
  0: 'ExecutionStarted',
  3: 'ExecutionTerminated',
  4: 'TaskScheduled',
  5: 'TaskCompleted',
  6: 'TaskFailed',
  7: 'SubOrchestrationInstanceCreated',
  8: 'SubOrchestrationInstanceCompleted',
  9: 'SubOrchestrationInstanceFailed',
  10: 'TimerCreated',
  11: 'TimerFired',
  14: 'EventSent',
  15: 'EventRaised',
};

/** "Type#id" of every event but the brackets of episodes, sorted. */
export type IdSet = readonly string[];

function idSet(history: readonly Event[]): IdSet {
  return history
    .flatMap(({ EventType, EventId, TaskScheduledId, TimerId }) => {
      const id = TaskScheduledId ?? TimerId ?? EventId;
      const name = names[EventType];
      return name === undefined ? [] : [id < 0 ? name : `${name}#${id}`];
    })
    .sort();
}

/** As the recordings spell an event: "Type#id name/result". */
export function recordedIdSet(history: readonly string[]): IdSet {
  return history
    .map((event) => event.split(' ')[0] ?? '')
    .filter((name) => !name.startsWith('Orchestrator'))
    .sort();
}

/** Watches a worker and tells the generations of every instance under the recordings' labels ("gen-1/g0:3"). */
export function labelledPlans(root: string): {
  readonly watch: (inner: DurableWorker) => DurableWorker;
  readonly sets: () => Readonly<Record<string, readonly IdSet[]>>;
} {
  /** By execution, in the order of their first episodes. */
  const last = new Map<string, Payload>();
  const labels = new Map<string, string>([[root, root]]);
  const started = ({ history }: Payload) => history.find((event) => event.EventType === 0);
  const executionsOf = (id: string) =>
    [...last].filter(([, payload]) => payload.instanceId === id).map(([execution]) => execution);

  const label = (payload: Payload): string => {
    const known = labels.get(payload.instanceId);
    const parent = started(payload)?.ParentInstance;
    if (known !== undefined || parent === null || parent === undefined)
      return known ?? payload.instanceId;
    const execution = parent.OrchestrationInstance.ExecutionId;
    const owner = last.get(execution);
    const generation = owner === undefined ? 0 : executionsOf(owner.instanceId).indexOf(execution);
    const of = owner === undefined ? '' : label(owner);
    const named = `${of}/g${generation}:${parent.TaskScheduleId}`;
    labels.set(payload.instanceId, named);
    return named;
  };

  return {
    watch: (inner) => ({
      find: (kind, name) => inner.find(kind, name),
      names: (kind) => inner.names(kind),
      invokeActivity: (...call) => inner.invokeActivity(...call),
      invokeEntity: (...call) => inner.invokeEntity(...call),
      invokeOrchestrator(name, payload, inspect) {
        const seen = structuredClone(payload) as Payload;
        last.set(started(seen)?.OrchestrationInstance?.ExecutionId ?? '', seen);
        return inner.invokeOrchestrator(name, payload, inspect);
      },
    }),
    sets: () => {
      const found = Object.groupBy([...last.values()], label);
      return Object.fromEntries(
        Object.entries(found).map(([of, payloads = []]) => [
          of,
          payloads.map(({ history }) => idSet(history)),
        ]),
      );
    },
  };
}
