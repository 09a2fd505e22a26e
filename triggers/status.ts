import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import type { Config } from '../shared/config.ts';
import { AppError } from '../shared/errors.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import type { PackSource } from '../shared/mapping/index.ts';
import { requireRole } from './caller-role.ts';
import { answering } from './problem.ts';
import { failedInstances, runningInstances } from './running-instances.ts';

export interface StatusDependencies {
  readonly config: Pick<Config, 'authorization'>;
  readonly ledger: Ledger;
  readonly packs: PackSource;
}

/** `GET /api/status`: counts by outcome, what is pending, dead letters, and whether anything is going on. */
export function createStatusHandler({ config, ledger, packs }: StatusDependencies) {
  return (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> =>
    answering(context, async () => {
      requireRole(request, config.authorization, ['Operator', 'Config Administrator']);
      const [totals, deadLetters, instances, failed, mapPack] = await Promise.all([
        ledger.changeSets.totals(),
        ledger.deadLetters.count(),
        runningInstances(context),
        failedInstances(context),
        currentHash(packs),
      ]);
      const { outcomes, pending, oldestOpen, ...intake } = totals;
      const running = instances.length;
      const idle = pending === 0 && running === 0;
      return {
        jsonBody: {
          idle,
          ...intake,
          pending,
          lagSeconds: secondsSince(oldestOpen),
          outcomes,
          deadLetters,
          running,
          failed: failed.length,
          mapPack,
        },
      };
    });
}

/** Null when stored edits do not fit the maps of this deployment: `GET /api/maps` and `POST /api/maps/check` say why. */
async function currentHash(packs: PackSource): Promise<string | null> {
  try {
    return (await packs.current()).hash;
  } catch (error) {
    if (error instanceof AppError && error.code === 'MAP_PACK_INVALID') return null;
    throw error;
  }
}

/** How long the oldest change set has been waiting for its end; 0 when none is open. */
function secondsSince(instant: string | undefined): number {
  return instant === undefined
    ? 0
    : Math.max(0, Math.round((Date.now() - Date.parse(instant)) / 1000));
}
