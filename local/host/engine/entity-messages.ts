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

type RequestFields =
  | { readonly op: string; readonly input: string | null; readonly signal: boolean }
  | { readonly lockset: readonly string[] };

/** A request without its id, which is drawn when the message is first written. */
export function newRequest(
  scope: Pick<ReplayScope, 'instanceId' | 'executionId'>,
  fields: RequestFields,
): Readonly<Record<string, unknown>> {
  const parent = { parent: scope.instanceId, parentExecution: scope.executionId };
  if ('lockset' in fields) {
    return { $type: requestType, op: null, ...parent, lockset: fields.lockset, pos: 0 };
  }
  const signal = fields.signal ? { signal: true } : {};
  const input = fields.input === null ? {} : { input: fields.input };
  return { $type: requestType, op: fields.op, ...signal, ...input, ...parent };
}

export function releaseRequest(
  scope: Pick<ReplayScope, 'instanceId'>,
  lockRequestId: string,
): Readonly<Record<string, unknown>> {
  return { $type: releaseType, parent: scope.instanceId, id: lockRequestId };
}

/** The answer's EventRaised.Input. */
export function entityResponse(result: string | undefined, failed: boolean): string {
  const body = { $type: responseType, ...(result === undefined ? {} : { result }) };
  return JSON.stringify(failed ? { ...body, exceptionType: 'System.Exception' } : body);
}
