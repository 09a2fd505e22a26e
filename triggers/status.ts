import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { Config } from '../shared/config.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import { requireRole } from './caller-role.ts';
import { answering } from './problem.ts';
import { runningInstances } from './running-instances.ts';

export interface StatusDependencies {
  readonly config: Pick<Config, 'authorization'>;
  readonly ledger: Ledger;
  readonly packHash: string;
}

/** `GET /api/status`: counts by outcome, what is pending, dead letters, and whether anything is going on. */
export function createStatusHandler({ config, ledger, packHash }: StatusDependencies) {
  return (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> =>
    answering(context, async () => {
      requireRole(request, config.authorization, ['Operator', 'Config Administrator']);
      const [totals, deadLetters, instances] = await Promise.all([
        ledger.changeSets.totals(),
        ledger.deadLetters.count(),
        runningInstances(context),
      ]);
      const { outcomes, pending, ...intake } = totals;
      const running = instances.length;
      const idle = pending === 0 && running === 0;
      return {
        jsonBody: { idle, ...intake, pending, outcomes, deadLetters, running, mapPack: packHash },
      };
    });
}
