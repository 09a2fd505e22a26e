import type { InvocationContext } from '@azure/functions';
import { getClient, OrchestrationRuntimeStatus } from 'durable-functions';

/** Ids of the orchestrations that are under way. */
export function runningInstances(context: InvocationContext): Promise<readonly string[]> {
  return instancesIn(context, [
    OrchestrationRuntimeStatus.Running,
    OrchestrationRuntimeStatus.Pending,
    OrchestrationRuntimeStatus.ContinuedAsNew,
  ]);
}

/** Ids of orchestrations that failed as a whole: to be looked at, then rewound or purged. */
export function failedInstances(context: InvocationContext): Promise<readonly string[]> {
  return instancesIn(context, [OrchestrationRuntimeStatus.Failed]);
}

async function instancesIn(
  context: InvocationContext,
  runtimeStatus: OrchestrationRuntimeStatus[],
): Promise<readonly string[]> {
  const found = await getClient(context).getStatusBy({ runtimeStatus });
  return found.map(({ instanceId }) => instanceId);
}
