import type { InvocationContext } from '@azure/functions';
import type { Activities } from '../activities/index.ts';
import type { MigrationActivities } from '../activities/migration/index.ts';
import { safeError } from './safe-error.ts';

type Activity = Activities[keyof Activities] | MigrationActivities[keyof MigrationActivities];

/**
 * An activity as the durable host calls it. The input has the type that the
 * orchestration gave it, which has gone through JSON only. What an activity
 * throws is kept in the history, so it goes out as an error of the catalogue.
 */
export function activityHandler(activity: Activity) {
  return async (input: unknown, context: InvocationContext): Promise<unknown> => {
    try {
      return await Reflect.apply(activity, undefined, [input]);
    } catch (error) {
      throw safeError(error, context);
    }
  };
}
