import { join } from 'node:path';
import type { AppLocation } from './app/entry-point.ts';
import { createCatalog, type FunctionCatalog, unsupportedParts } from './app/function-catalog.ts';
import { loadApp } from './app/load-app.ts';
import { createDurableWorker } from './durable/durable-worker.ts';
import {
  createDurableEngine,
  type DurableEngine,
  durableClientBinding,
  StoreError,
} from './engine/index.ts';
import { HostError } from './host-error.ts';
import { createDispatcher } from './http/dispatcher.ts';
import { createRoutes } from './http/http-router.ts';
import type { Reply } from './http/reply.ts';
import type { HostRequest } from './http/request.ts';
import type { HostLog } from './invocation/host-log.ts';
import { createInvoker, type Invoker } from './invocation/invoker.ts';
import { type Listeners, openListeners } from './listeners.ts';
import type { HostOptions } from './options.ts';
import type { HostJson } from './settings/host-json.ts';
import type { HostKeys } from './settings/keys.ts';

export interface AppRunOptions {
  readonly options: HostOptions;
  readonly location: AppLocation;
  readonly hostJson: HostJson;
  readonly keys: HostKeys;
  readonly log: HostLog;
  readonly url: string;
}

export interface AppRun {
  readonly functions: readonly string[];
  handle(request: HostRequest): Promise<Reply>;
  /** @param within milliseconds for running functions to finish */
  close(within: number): Promise<void>;
}

/** Loads the app and puts every trigger to work. */
export async function runApp(run: AppRunOptions): Promise<AppRun> {
  const { options, hostJson, keys, log } = run;
  const registration = await loadApp(run.location);
  registration.logTo((level, _category, message) => log.write({ level, source: 'app', message }));
  const catalog = createCatalog(registration.functions.values(), options.environment);
  for (const message of unsupportedParts(catalog))
    log.write({ level: 'warning', source: 'host', message });

  let client = '';
  const invoker = createInvoker({
    registration,
    log,
    durableClient: () => client,
    timeout: hostJson.functionTimeout,
  });
  const routes = createRoutes(catalog, hostJson.routePrefix, options.environment);
  const listeners = openListeners({ catalog, invoker, log, hostJson, options });
  const engine = openEngine(run, catalog, invoker);
  client = JSON.stringify(
    durableClientBinding({
      baseUrl: () => run.url,
      hubName: hostJson.durable.hubName,
      systemKey: keys.system,
    }),
  );
  await startEngine(engine);
  listeners.start();

  const dispatcher = createDispatcher({
    catalog,
    routes,
    hostJson,
    invoker,
    keys,
    openFunctions: options.openFunctions ?? false,
    engine,
    listeners,
  });
  return {
    functions: catalog.all.map(({ name }) => name),
    handle: dispatcher.handle,
    async close(within) {
      dispatcher.refuseNewWork();
      await closeInOrder({ listeners, invoker, engine, log, within });
      dispatcher.refuseAll();
      for (const hook of registration.hooks('appTerminate')) {
        await hook({ hookData: {}, appHookData: registration.appHookData });
      }
    },
  };
}

function openEngine(run: AppRunOptions, catalog: FunctionCatalog, invoker: Invoker): DurableEngine {
  const { options, hostJson, keys, log, url } = run;
  const { maxConcurrentActivities, maxConcurrentOrchestrators, hubName, purgeAfter } =
    hostJson.durable;
  return createDurableEngine({
    worker: createDurableWorker(catalog, invoker),
    dataFile: options.dataFolder === undefined ? undefined : join(options.dataFolder, 'durable.db'),
    takeOverMs: options.takeOverSeconds === undefined ? undefined : options.takeOverSeconds * 1_000,
    hubName,
    baseUrl: () => url,
    systemKey: keys.system,
    purgeAfter,
    onWarning: (message) => log.write({ level: 'warning', source: 'durable', message }),
    ...(maxConcurrentActivities === undefined ? {} : { maxConcurrentActivities }),
    ...(maxConcurrentOrchestrators === undefined ? {} : { maxConcurrentOrchestrators }),
  });
}

async function startEngine(engine: DurableEngine): Promise<void> {
  try {
    await engine.start();
  } catch (problem) {
    if (!(problem instanceof StoreError)) throw problem;
    throw new HostError('DATA_UNUSABLE', `Durable state cannot be kept: ${problem.message}.`);
  }
}

interface ClosingParts {
  readonly listeners: Listeners;
  readonly invoker: Invoker;
  readonly engine: DurableEngine;
  readonly log: HostLog;
  readonly within: number;
}

/** Functions at the edge first: until they are done they may still start orchestrations. */
async function closeInOrder({
  listeners,
  invoker,
  engine,
  log,
  within,
}: ClosingParts): Promise<void> {
  const deadline = Date.now() + within;
  listeners.stop();
  const settled = await invoker.edge.settled(within);
  const stopped = await Promise.race([
    engine.stop().then(() => true),
    new Promise<false>((resolve) =>
      setTimeout(() => resolve(false), Math.max(0, deadline - Date.now())).unref(),
    ),
  ]);
  listeners.close();
  if (settled && stopped) return;
  log.write({
    level: 'warning',
    source: 'host',
    message: `closed while ${invoker.running.total} invocation(s) were running`,
  });
}
