import type { AppFunction } from '../app/function-catalog.ts';
import type { Invocation, Invoker } from '../invocation/invoker.ts';

type Event = Readonly<Record<string, unknown>>;

/**
 * One invocation with the whole array for `cardinality: 'many'`, else one per
 * event, all in parallel. Every invocation settles before this resolves.
 * @returns how many invocations failed
 */
export async function invokeWithEvents(
  invoker: Invoker,
  target: AppFunction,
  events: readonly Event[],
): Promise<number> {
  if (events.length === 0) return 0;
  const many = String(target.trigger['cardinality']).toLowerCase() === 'many';
  const invocations = many
    ? [{ target, data: { json: JSON.stringify(events) } }]
    : events.map((event) => single(target, event));
  const endings = await Promise.allSettled(invocations.map((each) => invoker.invoke(each)));
  return endings.filter(({ status }) => status === 'rejected').length;
}

function single(target: AppFunction, event: Event): Invocation {
  const { data } = event;
  return {
    target,
    data: { json: JSON.stringify(event) },
    triggerMetadata: data === undefined ? undefined : { data: { json: JSON.stringify(data) } },
  };
}
