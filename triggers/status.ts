import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { getClient, OrchestrationRuntimeStatus } from 'durable-functions';
import type { Config } from '../shared/config.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import { requireRole } from './caller-role.ts';
import { answering } from './problem.ts';

export interface StatusDependencies {
  readonly config: Pick<Config, 'authorization'>;
  readonly ledger: Ledger;
  readonly packHash: string;
}

/** `GET /api/status`: counts by outcome, what is pending, dead letters, and whether anything is going on. */
export function createStatusHandler({ config, ledger, packHash }: StatusDependencies) {
  return (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> =>
    answering(async () => {
      requireRole(request, config.authorization, ['Operator', 'Config Administrator']);
      const [totals, deadLetters, running] = await Promise.all([
        ledger.changeSets.totals(),
        ledger.deadLetters.count(),
        countRunning(context),
      ]);
      const { outcomes, pending, ...intake } = totals;
      const idle = pending === 0 && running === 0;
      return {
        jsonBody: { idle, ...intake, pending, outcomes, deadLetters, running, mapPack: packHash },
      };
    });
}

/** Orchestrations under way; counted up to 100, enough to know that it is not idle. */
async function countRunning(context: InvocationContext): Promise<number> {
  const found = await getClient(context).getStatusBy({
    runtimeStatus: [
      OrchestrationRuntimeStatus.Running,
      OrchestrationRuntimeStatus.Pending,
      OrchestrationRuntimeStatus.ContinuedAsNew,
    ],
  });
  return found.length;
}
