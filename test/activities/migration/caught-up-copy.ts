import { runsPartition } from '../../../activities/migration/index.ts';
import type { RunRecord } from '../../../shared/migration/index.ts';
import type { MovingServices } from './moving-services.ts';

/** A day in January 2026. */
export const day = (number: number) => `2026-01-0${number}T00:00:00.000Z`;

/** A copy of patients that has caught up to the fifth of January, and rests since the second. */
export async function caughtUpCopy(
  services: MovingServices,
  plan: object = {},
  change: Partial<RunRecord> = {},
): Promise<string> {
  const id = await services.start({ cutOver: 'when-ordered', ...plan });
  const run = await services.store.runs.get(runsPartition, id);
  if (run === undefined) throw new Error('no run');
  await services.store.runs.put(runsPartition, id, {
    ...run,
    ...{ state: 'copying', exportDialect: 'ahds', windows: 1, startedAt: day(2) },
    ...{ begin: day(1), cursor: day(5), ...change },
  });
  await services.store.windows.put(id, '0000001', {
    ...{ number: 1, since: day(1), till: day(5), state: 'closed', expected: 1, batches: 1 },
    ledger: { Patient: { exported: 1, loaded: 1, present: 0, quarantined: 0 } },
    ...{ bytes: 1, startedAt: day(2), closedAt: day(2) },
  });
  return id;
}
