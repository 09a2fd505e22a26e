import { ProtocolError } from './protocol-error.ts';

export interface RetryPolicy {
  readonly firstMs: number;
  readonly maxAttempts: number;
  readonly coefficient: number;
  readonly maxMs: number | undefined;
  readonly timeoutMs: number | undefined;
}

export interface EntityName {
  readonly name: string;
  readonly key: string;
}

export interface ActivityAction {
  readonly kind: 'activity';
  readonly name: string;
  readonly input: unknown;
  readonly retry: RetryPolicy | undefined;
}
export interface ChildAction {
  readonly kind: 'child';
  readonly name: string;
  readonly instanceId: string | undefined;
  readonly input: unknown;
  readonly retry: RetryPolicy | undefined;
}
export interface TimerAction {
  readonly kind: 'timer';
  readonly fireAt: number;
  readonly canceled: boolean;
}
export interface EventAction {
  readonly kind: 'event';
  readonly name: string;
}
export interface EntityAction {
  readonly kind: 'entity';
  readonly target: string;
  readonly operation: string;
  readonly input: unknown;
  readonly signal: boolean;
  /** A delayed signal's time, milliseconds since 1970. */
  readonly due?: number;
}
export interface HttpAction {
  readonly kind: 'http';
  readonly request: unknown;
  readonly polling: boolean;
}
export interface CompoundAction {
  readonly kind: 'all' | 'any';
  readonly children: readonly Action[];
}
export interface LockAction {
  readonly kind: 'lock';
  readonly lockSet: readonly EntityName[];
}
export interface ContinueAsNewAction {
  readonly kind: 'continueAsNew';
  readonly input: unknown;
}

/** What an orchestrator asked for, one per top-level yield or fire-and-forget call (facts durable-host 1.4). */
export type Action =
  | ActivityAction
  | ChildAction
  | TimerAction
  | EventAction
  | EntityAction
  | HttpAction
  | CompoundAction
  | LockAction
  | { readonly kind: 'release' }
  | ContinueAsNewAction;

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(action: JsonObject, field: string): string {
  const value = action[field];
  if (typeof value === 'string') return value;
  throw new ProtocolError(`an action of the orchestrator has no text in "${field}"`);
}

function numberOr<T>(value: unknown, otherwise: T): number | T {
  return typeof value === 'number' ? value : otherwise;
}

function retryPolicy(value: unknown): RetryPolicy {
  if (!isObject(value)) throw new ProtocolError('a retry action carries no retryOptions');
  return {
    firstMs: numberOr(value['firstRetryIntervalInMilliseconds'], 0),
    maxAttempts: numberOr(value['maxNumberOfAttempts'], 1),
    coefficient: numberOr(value['backoffCoefficient'], 1),
    maxMs: numberOr(value['maxRetryIntervalInMilliseconds'], undefined),
    timeoutMs: numberOr(value['retryTimeoutInMilliseconds'], undefined),
  };
}

function activity(action: JsonObject, retry: RetryPolicy | undefined): Action {
  return { kind: 'activity', name: text(action, 'functionName'), input: action['input'], retry };
}

function child(action: JsonObject, retry: RetryPolicy | undefined): Action {
  const id = action['instanceId'];
  const instanceId = typeof id === 'string' && id !== '' ? id : undefined;
  const input = action['input'];
  return { kind: 'child', name: text(action, 'functionName'), instanceId, input, retry };
}

function timer(action: JsonObject): Action {
  const fireAt = Date.parse(text(action, 'fireAt'));
  if (Number.isNaN(fireAt)) throw new ProtocolError('a timer action has an unreadable fireAt');
  return { kind: 'timer', fireAt, canceled: action['isCanceled'] === true };
}

function entityFields(action: JsonObject) {
  const operation = text(action, 'operation');
  const target = text(action, 'instanceId');
  return { kind: 'entity' as const, target, operation, input: action['input'] };
}

function entity(action: JsonObject, signal: boolean): Action {
  return { ...entityFields(action), signal };
}

function delayedSignal(action: JsonObject): Action {
  const due = Date.parse(text(action, 'scheduledTime'));
  if (Number.isNaN(due)) throw new ProtocolError('a delayed signal has no time');
  return { ...entityFields(action), signal: true, due };
}

function http(action: JsonObject): Action {
  const request = action['httpRequest'];
  const polling = isObject(request) && request['asynchronousPatternEnabled'] !== false;
  return { kind: 'http', request, polling };
}

function compound(action: JsonObject, kind: 'all' | 'any'): Action {
  return { kind, children: parseActions(action['compoundActions']) };
}

function lock(action: JsonObject): Action {
  const set = action['lockSet'];
  if (!Array.isArray(set)) throw new ProtocolError('a lock action has no lockSet');
  const lockSet = set.map((entry: unknown) => {
    if (!isObject(entry))
      throw new ProtocolError('a lock action names something that is no entity');
    return { name: text(entry, 'name'), key: text(entry, 'key') };
  });
  return { kind: 'lock', lockSet };
}

const parsers: ReadonlyMap<unknown, (action: JsonObject) => Action> = new Map([
  [0, (a: JsonObject): Action => activity(a, undefined)],
  [1, (a: JsonObject): Action => activity(a, retryPolicy(a['retryOptions']))],
  [2, (a: JsonObject): Action => child(a, undefined)],
  [3, (a: JsonObject): Action => child(a, retryPolicy(a['retryOptions']))],
  [4, (a: JsonObject): Action => ({ kind: 'continueAsNew', input: a['input'] })],
  [5, timer],
  [6, (a: JsonObject): Action => ({ kind: 'event', name: text(a, 'externalEventName') })],
  [7, (a: JsonObject): Action => entity(a, false)],
  [8, http],
  [9, (a: JsonObject): Action => entity(a, true)],
  [10, delayedSignal],
  [11, (a: JsonObject): Action => compound(a, 'any')],
  [12, (a: JsonObject): Action => compound(a, 'all')],
  [13, lock],
  [14, (): Action => ({ kind: 'release' })],
]);

/** Reads a list of actions as the SDK serialises them. Throws ProtocolError on anything else. */
export function parseActions(value: unknown): readonly Action[] {
  if (!Array.isArray(value))
    throw new ProtocolError('the orchestrator returned no list of actions');
  return value.map((entry: unknown) => {
    const parse = isObject(entry) ? parsers.get(entry['actionType']) : undefined;
    if (parse === undefined || !isObject(entry)) {
      throw new ProtocolError('the orchestrator returned an action of an unknown type');
    }
    return parse(entry);
  });
}
