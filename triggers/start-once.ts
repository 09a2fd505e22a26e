import { OrchestrationRuntimeStatus } from 'durable-functions';

/** The part of the durable client that a start needs. */
export interface Starter {
  startNew(
    name: string,
    options: { readonly instanceId: string; readonly input: object },
  ): Promise<string>;
  getStatus(instanceId: string): Promise<{
    readonly instanceId: string;
    readonly runtimeStatus: OrchestrationRuntimeStatus;
  }>;
}

/** An instance that ended like this has not done its work, and a start is free to replace it. */
const lost: readonly OrchestrationRuntimeStatus[] = [
  OrchestrationRuntimeStatus.Failed,
  OrchestrationRuntimeStatus.Terminated,
  OrchestrationRuntimeStatus.Canceled,
];

/**
 * Starts an orchestration under an id of its own. The id is the guard against a
 * second start: an instance with it that is under way or completed has the work
 * in hand. The host answers 409 while one is under way, but other failures may
 * hide a start that succeeded, so after any failure the instance is looked up
 * (facts/durable-host.md 3.3). One that failed or was terminated has nothing in
 * hand: the failure is thrown, so that the sender tries again.
 */
export async function startOnce(
  client: Starter,
  start: { readonly name: string; readonly instanceId: string; readonly input: object },
): Promise<'started' | 'running'> {
  try {
    await client.startNew(start.name, { instanceId: start.instanceId, input: start.input });
    return 'started';
  } catch (error) {
    const known = await client.getStatus(start.instanceId).catch(() => undefined);
    if (known?.instanceId === start.instanceId && !lost.includes(known.runtimeStatus)) {
      return 'running';
    }
    throw error;
  }
}
