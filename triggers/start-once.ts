import type { DurableClient } from 'durable-functions';

/**
 * Starts an orchestration under an id of its own. The id is the guard against a
 * second start: when an instance with it is there already, the work is in hand.
 * Which status the conflict has differs between hosts, so the instance is looked
 * up (facts/durable-host.md 3.3).
 */
export async function startOnce(
  client: DurableClient,
  start: { readonly name: string; readonly instanceId: string; readonly input: object },
): Promise<'started' | 'running'> {
  try {
    await client.startNew(start.name, { instanceId: start.instanceId, input: start.input });
    return 'started';
  } catch (error) {
    const known = await client.getStatus(start.instanceId).catch(() => undefined);
    if (known?.instanceId === start.instanceId) return 'running';
    throw error;
  }
}
