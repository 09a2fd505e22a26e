import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type EntityHandler,
  EntityId,
  type OrchestrationHandler,
  RetryOptions,
} from 'durable-functions';
import type {
  Handlers,
  InlineActivity,
  VirtualClock,
} from '../../../../../local/host/testing/index.ts';
import { recordingsFolder } from './recordings.ts';

/** Stands in for durable-functions while the recorded app registers itself. */
function collector() {
  const orchestrations: Record<string, OrchestrationHandler> = {};
  const activities: Record<string, InlineActivity> = {};
  const entities: Record<string, EntityHandler<unknown>> = {};
  const app = {
    orchestration: (name: string, handler: OrchestrationHandler) => {
      orchestrations[name] = handler;
    },
    activity: (name: string, options: { handler: InlineActivity }) => {
      activities[name] = options.handler;
    },
    entity: (name: string, handler: EntityHandler<unknown>) => {
      entities[name] = handler;
    },
  };
  const handlers: Required<Handlers> = { orchestrations, activities, entities };
  return { handlers, df: { app, RetryOptions, EntityId } };
}

function sleeper(clock: VirtualClock) {
  return (callback: () => void, ms: number) => void clock.sleep(ms).then(callback);
}

function registerGenerated(df: ReturnType<typeof collector>['df'], clock: VirtualClock): void {
  const source = readFileSync(join(recordingsFolder, 'plan-interpreter.mjs'), 'utf8').replaceAll(
    'export ',
    '',
  );
  new Function('df', 'setTimeout', `${source}; registerGenerated(df);`)(df, sleeper(clock));
}

/** The app behind the recordings, its source unchanged; its sleeps are on the virtual clock. */
export function recordedApp(clock: VirtualClock): Handlers {
  const { handlers, df } = collector();
  registerGenerated(df, clock);
  for (const file of ['app-activities.js', 'app-orchestrators.js']) {
    const source = readFileSync(join(recordingsFolder, file), 'utf8');
    new Function('require', 'setTimeout', source)(() => df, sleeper(clock));
  }
  return handlers;
}

/** The interpreter of the generated plans, its source unchanged. */
export function generatedApp(clock: VirtualClock): Handlers {
  const { handlers, df } = collector();
  registerGenerated(df, clock);
  return handlers;
}
