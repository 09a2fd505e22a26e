import type { InvocationContext } from '@azure/functions';
import { getClient, OrchestrationRuntimeStatus } from 'durable-functions';

/** Ids of the orchestrations that are under way. */
export async function runningInstances(context: InvocationContext): Promise<readonly string[]> {
  const found = await getClient(context).getStatusBy({
    runtimeStatus: [
      OrchestrationRuntimeStatus.Running,
      OrchestrationRuntimeStatus.Pending,
      OrchestrationRuntimeStatus.ContinuedAsNew,
    ],
  });
  return found.map(({ instanceId }) => instanceId);
}
