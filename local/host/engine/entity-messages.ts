import type { EntityName } from './actions.ts';
import type { ReplayScope } from './replay-scope.ts';

/** A request to an entity as it travels in EventSent.Input (facts durable-host 1.5). */
export interface EntityRequest {
  readonly op: string | null;
  readonly id: string;
  readonly signal?: boolean;
  readonly input?: string | null;
  readonly parent?: string;
  readonly parentExecution?: string;
  /** Scheduler ids, sorted; present on lock requests only. */
  readonly lockset?: readonly string[];
  /** Index in the lock set of the entity that this request is at. */
  readonly pos?: number;
}

const requestType =
  'Microsoft.Azure.WebJobs.Extensions.DurableTask.RequestMessage, Microsoft.Azure.WebJobs.Extensions.DurableTask';
const releaseType =
  'Microsoft.Azure.WebJobs.Extensions.DurableTask.ReleaseMessage, Microsoft.Azure.WebJobs.Extensions.DurableTask';
const responseType =
  'Microsoft.Azure.WebJobs.Extensions.DurableTask.ResponseMessage, Microsoft.Azure.WebJobs.Extensions.DurableTask';

/** "@name@key" with the name in lower case, the id of the instance that stands for the entity. */
export function entityId(entity: EntityName): string {
  return `@${entity.name.toLowerCase()}@${entity.key}`;
}

/** Undefined for ids that name no entity. */
export function entityFromId(id: string): EntityName | undefined {
  const at = id.indexOf('@', 1);
  if (!id.startsWith('@') || at < 0) return undefined;
  return { name: id.slice(1, at), key: id.slice(at + 1) };
}

export type RequestFields =
  | { readonly op: string; readonly input: string | null; readonly signal: boolean }
  | { readonly lockset: readonly EntityName[] };

const entityIdType =
  'Microsoft.Azure.WebJobs.Extensions.DurableTask.EntityId, Microsoft.Azure.WebJobs.Extensions.DurableTask';
/** .NET's smallest time: there was no earlier message to this entity. */
const noPredecessor = '0001-01-01T00:00:00';

/**
 * A request with a place for its id, which is drawn when the message is first
 * written. Timestamp and Predecessor order the messages of one sender.
 */
export function newRequest(
  scope: ReplayScope,
  target: string,
  fields: RequestFields,
): Readonly<Record<string, unknown>> {
  const { at, before } = scope.book.stampFor(target);
  const order = { Timestamp: at, Predecessor: before ?? noPredecessor };
  const parent = { parent: scope.instanceId, parentExecution: scope.executionId };
  const id = undefined;
  if ('lockset' in fields) {
    const lockset = fields.lockset.map(({ name, key }) => ({ $type: entityIdType, name, key }));
    return { $type: requestType, op: null, id, ...parent, ...order, lockset };
  }
  const signal = fields.signal ? { signal: true } : {};
  const input = fields.input === null ? {} : { input: fields.input };
  const requestTime = new Date(scope.book.now).toISOString();
  return {
    $type: requestType,
    op: fields.op,
    ...signal,
    ...input,
    id,
    ...parent,
    ...order,
    requestTime,
  };
}

export function releaseRequest(
  scope: Pick<ReplayScope, 'instanceId'>,
  lockRequestId: string,
): Readonly<Record<string, unknown>> {
  return { $type: releaseType, parent: scope.instanceId, id: lockRequestId };
}

/** The answer's EventRaised.Input. */
export function entityResponse(result: string | undefined, failed: boolean): string {
  const body = { $type: responseType, result: result ?? null };
  return JSON.stringify(failed ? { ...body, exceptionType: 'System.Exception' } : body);
}
