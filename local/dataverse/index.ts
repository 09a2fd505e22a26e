import { once } from 'node:events';
import { CallCounts } from './call-counts.ts';
import { Clock, type ClockSetting } from './clock.ts';
import { CustomizationLog } from './customizations/customization-log.ts';
import { openDatabase } from './database.ts';
import { ElasticReplica } from './elastic/session-token.ts';
import { DeliveryQueue } from './events/delivery-queue.ts';
import { DeliveryRunner } from './events/delivery-runner.ts';
import { EventPipeline } from './events/event-pipeline.ts';
import { PluginRules } from './events/plugin-rules.ts';
import { StepRegistry } from './events/step-registry.ts';
import { WebhookSender } from './events/webhook-sender.ts';
import { type FaultWish, faultsSchema } from './fault-rule.ts';
import { FaultPlan } from './faults.ts';
import { memoryStart } from './memory-template.ts';
import { loadModel } from './model-files.ts';
import { writePlatformRows } from './platform-rows.ts';
import { RowStore } from './row-store.ts';
import { createHttpServer } from './server.ts';
import { type ProtectionLimits, ServiceProtection } from './service-protection.ts';
import { WebApi } from './web-api.ts';

export interface DataverseOptions {
  /** 0 or absent: a free port. */
  readonly port?: number;
  /** Folder of the database; absent: in memory. */
  readonly dataFolder?: string;
  /** Model files (`model-schema.ts`) laid over the built-in model, in order. */
  readonly extensions?: readonly string[];
  /** Answer 401 to calls without an Authorization header. */
  readonly requireToken?: boolean;
  /** Service protection limits; absent: none. */
  readonly protection?: ProtectionLimits;
  /** Value of `x-ms-dop-hint`; default 8. */
  readonly dopHint?: number;
  /** Milliseconds from declaring a key to its being Active; default 500. */
  readonly keyBuildMs?: number;
  /** Milliseconds that a delta link lives; default 7 days, as in Dataverse. */
  readonly deltaLifeMs?: number;
  /** Milliseconds that a webhook may take; default 60 000, as in Dataverse. */
  readonly webhookTimeoutMs?: number;
  /** Milliseconds before a webhook's one repetition; default 500. */
  readonly webhookRetryMs?: number;
  /** Origins beside the loopback ones that webhooks may be posted to; default none. */
  readonly webhookOrigins?: readonly string[];
}

export interface RunningDataverse {
  /** Base of the service, without `/api/data/v9.2`. */
  readonly url: string;
  /** Adds scripted or seeded faults, as `POST /_control/faults` does. Throws `ZodError`. */
  strike(...faults: readonly FaultWish[]): void;
  /** Ends all faults. */
  calm(): void;
  /** Fixes or moves the service's clock. */
  setClock(setting: ClockSetting): void;
  close(): Promise<void>;
}

const sevenDaysMs = 7 * 24 * 3600 * 1000;

/**
 * Starts the Dataverse Web API stand-in on 127.0.0.1. Rejects with the system
 * error (`EADDRINUSE`) when the port is taken and with `ModelFileError` for an
 * extension file that cannot be used.
 */
export async function startDataverse(options: DataverseOptions = {}): Promise<RunningDataverse> {
  const model = loadModel(options.extensions);
  const inMemory = options.dataFolder === undefined ? memoryStart(options.extensions ?? []) : null;
  const database = openDatabase(options.dataFolder, inMemory?.restore);
  const customizations = new CustomizationLog(database);
  customizations.replay(model);
  const store = new RowStore(database, model);
  writePlatformRows(store, model);
  inMemory?.keep(database);
  const replica = new ElasticReplica();
  const counts = new CallCounts();
  const faults = new FaultPlan();
  const clock = new Clock();
  const protection = new ServiceProtection(options.protection);
  const steps = new StepRegistry(store, model);
  const rules = new PluginRules();
  const queue = new DeliveryQueue(store, model);
  const sender = new WebhookSender({
    timeoutMs: options.webhookTimeoutMs ?? 60_000,
    retryMs: options.webhookRetryMs ?? 500,
    origins: options.webhookOrigins ?? [],
  });
  const events = new EventPipeline({ store, steps, rules, queue, sender });
  const deliveries = new DeliveryRunner(queue, steps, sender);
  const api = new WebApi({
    base: {
      model,
      store,
      customizations,
      replica,
      keyBuildMs: options.keyBuildMs ?? 500,
      deltaLifeMs: options.deltaLifeMs ?? sevenDaysMs,
      events,
    },
    deliveries,
    faults,
    clock,
    counts,
    protection,
    requireToken: options.requireToken ?? false,
    dopHint: options.dopHint ?? 8,
  });
  const running = (): number => api.running;
  const server = createHttpServer(api, {
    ...{ model, store, counts, faults, clock, protection, running },
    ...{ rules, queue, replica },
  });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  events.beginCall();
  deliveries.kick();
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    strike: (...wishes) => faults.add(faultsSchema.parse(wishes)),
    calm: () => faults.clear(),
    setClock: (setting) => clock.set(setting),
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      await deliveries.close();
      database.close();
    },
  };
}
