import { type QueueClient, QueueServiceClient } from '@azure/storage-queue';
import { z } from 'zod';
import type { AppFunction } from '../app/function-catalog.ts';
import { HostError } from '../host-error.ts';
import { type Environment, resolveSettings } from '../settings/app-settings.ts';

const triggerSchema = z.looseObject({
  queueName: z.string(),
  connection: z.string().default('AzureWebJobsStorage'),
});

export interface QueuePair {
  readonly queue: QueueClient;
  /** Where messages go that fail again and again: `<queue>-poison`. */
  readonly poison: QueueClient;
}

/**
 * Clients for the queue of a trigger.
 * @throws HostError FUNCTION_INVALID when the trigger or its connection setting is not usable.
 */
export function queueClientsOf(target: AppFunction, environment: Environment): QueuePair {
  const place = `The queue trigger of function "${target.name}"`;
  const parsed = triggerSchema.safeParse(target.trigger);
  if (!parsed.success) throw new HostError('FUNCTION_INVALID', `${place} needs a queueName text.`);
  const queueName = resolveSettings(parsed.data.queueName, environment, place).toLowerCase();
  const service = serviceOf(connectionText(parsed.data.connection, environment, place), place);
  return {
    queue: service.getQueueClient(queueName),
    poison: service.getQueueClient(`${queueName}-poison`),
  };
}

function serviceOf(connection: string, place: string): QueueServiceClient {
  try {
    return QueueServiceClient.fromConnectionString(connection);
  } catch {
    // The client's own message may quote the connection, which holds a key.
    throw new HostError(
      'FUNCTION_INVALID',
      `${place} has a connection setting that is not a storage connection string.`,
    );
  }
}

function connectionText(name: string, environment: Environment, place: string): string {
  const value = environment[name] ?? environment[`AzureWebJobs${name}`];
  if (value !== undefined && value !== '') return value;
  throw new HostError(
    'FUNCTION_INVALID',
    `${place} needs the app setting ${name} with a storage connection string, for example UseDevelopmentStorage=true with Azurite running.`,
  );
}
