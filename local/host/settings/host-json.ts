import { join } from 'node:path';
import { z } from 'zod';
import type { LogLevel } from '../app/core-contract.ts';
import { readJsonFile } from './json-file.ts';
import { parseTimeSpan } from './time-span.ts';

/** host.json as far as it means something on one machine; times in milliseconds. */
export interface HostJson {
  readonly routePrefix: string;
  readonly functionTimeout: number | undefined;
  readonly queues: QueueSettings;
  readonly durable: {
    readonly hubName: string;
    readonly maxConcurrentActivities: number | undefined;
    readonly maxConcurrentOrchestrators: number | undefined;
    /** Age at which ended instances are deleted here; undefined keeps them. Azure knows no such setting. */
    readonly purgeAfter: number | undefined;
  };
  readonly logLevel: LogLevel | undefined;
}

export interface QueueSettings {
  readonly batchSize: number;
  readonly newBatchThreshold: number;
  readonly maxDequeueCount: number;
  readonly visibilityTimeout: number;
  readonly maxPollingInterval: number;
  readonly base64: boolean;
}

function milliseconds(text: string, context: z.RefinementCtx): number {
  const span = parseTimeSpan(text);
  if (span === undefined) context.addIssue('expected a time such as "00:05:00"');
  return span ?? z.NEVER;
}

const timeSpan = z.string().transform(milliseconds);
/** "-1" means no limit. */
const boundedTime = z
  .string()
  .transform((text, context) => (text === '-1' ? undefined : milliseconds(text, context)));
const level = z
  .string()
  .transform((text) => text.toLowerCase())
  .pipe(z.enum(['trace', 'debug', 'information', 'warning', 'error', 'critical', 'none']));

// Azure waits up to a minute between polls of an empty queue; on one machine a second is kinder and costs nothing.
const localPollingInterval = 1_000;
// Azure's default outside the Consumption plan.
const defaultFunctionTimeout = '00:30:00';
const defaultPurgeAfter = '30.00:00:00';

const queuesSchema = z.looseObject({
  batchSize: z.int().min(1).max(32).default(16),
  newBatchThreshold: z.int().min(0).optional(),
  maxDequeueCount: z.int().min(1).default(5),
  visibilityTimeout: timeSpan.default(0),
  maxPollingInterval: timeSpan.default(localPollingInterval),
  messageEncoding: z
    .string()
    .transform((text) => text.toLowerCase())
    .pipe(z.enum(['base64', 'none']))
    .default('base64'),
});

const durableSchema = z.looseObject({
  hubName: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9]{2,44}$/, 'expected 3 to 45 letters and digits, a letter first')
    .optional(),
  maxConcurrentActivityFunctions: z.int().min(1).optional(),
  maxConcurrentOrchestratorFunctions: z.int().min(1).optional(),
  localPurgeAfter: boundedTime.prefault(defaultPurgeAfter),
});

const schema = z.looseObject({
  version: z.literal('2.0', 'expected "2.0"').optional(),
  functionTimeout: boundedTime.prefault(defaultFunctionTimeout),
  extensions: z
    .looseObject({
      http: z.looseObject({ routePrefix: z.string().default('api') }).prefault({}),
      queues: queuesSchema.prefault({}),
      durableTask: durableSchema.prefault({}),
    })
    .prefault({}),
  logging: z.looseObject({ logLevel: z.record(z.string(), level).default({}) }).prefault({}),
});

/**
 * Reads the app's host.json; a missing one means the defaults.
 * @throws HostError SETTINGS_INVALID
 */
export function readHostJson(folder: string): HostJson {
  const parsed = readJsonFile(join(folder, 'host.json'), schema) ?? schema.parse({});
  const { http, queues, durableTask } = parsed.extensions;
  const { default: defaultLevel } = parsed.logging.logLevel;
  return {
    routePrefix: http.routePrefix.replace(/^\/+|\/+$/g, ''),
    functionTimeout: parsed.functionTimeout,
    queues: {
      ...queues,
      newBatchThreshold: queues.newBatchThreshold ?? Math.floor(queues.batchSize / 2),
      base64: queues.messageEncoding === 'base64',
    },
    durable: {
      hubName: durableTask.hubName ?? 'LocalHub',
      maxConcurrentActivities: durableTask.maxConcurrentActivityFunctions,
      maxConcurrentOrchestrators: durableTask.maxConcurrentOrchestratorFunctions,
      purgeAfter: durableTask.localPurgeAfter,
    },
    logLevel: defaultLevel === 'none' ? 'critical' : defaultLevel,
  };
}
