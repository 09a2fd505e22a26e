import { randomUUID } from 'node:crypto';
import { InvocationContext } from '@azure/functions';
import type { EntityHandler, OrchestrationHandler } from 'durable-functions';
import type { ContextInspector, DurableFunctionKind, DurableWorker } from '../engine/index.ts';
import { sdkWrappers, type WrappedFunction } from './sdk-wrappers.ts';

/** An activity as a plain function of its input. */
export type InlineActivity = (input: never, context: InvocationContext) => unknown;

export interface Handlers {
  readonly orchestrations: Readonly<Record<string, OrchestrationHandler>>;
  readonly activities: Readonly<Record<string, InlineActivity>>;
  readonly entities?: Readonly<Record<string, EntityHandler<unknown>>>;
}

interface Registered {
  readonly name: string;
  readonly call: WrappedFunction;
}

type Table = ReadonlyMap<string, Registered>;

function table<T>(
  handlers: Readonly<Record<string, T>>,
  wrap: (handler: T) => WrappedFunction,
): Table {
  return new Map(
    Object.entries(handlers).map(([name, handler]) => [
      name.toLowerCase(),
      { name, call: wrap(handler) },
    ]),
  );
}

/** RpcTypedData `string` on its way in: parsed when it parses. */
function typedData(text: string | null): unknown {
  if (text === null) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A value on its way out, as RpcTypedData would carry it. */
function jsonSafe(value: unknown): unknown {
  const text = JSON.stringify(value);
  return text === undefined ? undefined : JSON.parse(text);
}

function activityCall(handler: InlineActivity): WrappedFunction {
  // The handler's own type says what it takes; its input comes as JSON.
  return async (input, context) => Reflect.apply(handler, undefined, [input, context]);
}

/**
 * A language worker without a host: handlers run on durable-functions' own
 * executor, with every input and output taken through JSON as the real worker does.
 */
export class HandlerWorker implements DurableWorker {
  readonly #tables: Readonly<Record<DurableFunctionKind, Table>>;

  constructor(handlers: Handlers) {
    const { createOrchestrator, createEntityFunction } = sdkWrappers();
    this.#tables = {
      orchestrator: table(handlers.orchestrations, createOrchestrator),
      activity: table(handlers.activities, activityCall),
      entity: table(handlers.entities ?? {}, createEntityFunction),
    };
  }

  find(kind: DurableFunctionKind, name: string): string | undefined {
    return this.#tables[kind].get(name.toLowerCase())?.name;
  }

  names(kind: DurableFunctionKind): readonly string[] {
    return [...this.#tables[kind].values()].map(({ name }) => name);
  }

  async invokeOrchestrator(
    name: string,
    payload: unknown,
    inspect?: ContextInspector,
  ): Promise<unknown> {
    const context = newContext(name);
    try {
      return await this.#call('orchestrator', name, { input: jsonSafe(payload), context });
    } finally {
      inspect?.(context);
    }
  }

  invokeActivity(name: string, inputJson: string | null): Promise<unknown> {
    return this.#call('activity', name, { input: typedData(inputJson), context: newContext(name) });
  }

  invokeEntity(name: string, payload: unknown): Promise<unknown> {
    return this.#call('entity', name, { input: jsonSafe(payload), context: newContext(name) });
  }

  async #call(
    kind: DurableFunctionKind,
    name: string,
    { input, context }: { readonly input: unknown; readonly context: InvocationContext },
  ): Promise<unknown> {
    const registered = this.#tables[kind].get(name.toLowerCase());
    if (registered === undefined) throw new TypeError(`no ${kind} is registered as ${name}`);
    return jsonSafe(await registered.call(input, context));
  }
}

function newContext(functionName: string): InvocationContext {
  return new InvocationContext({
    functionName,
    invocationId: randomUUID(),
    logHandler: () => undefined,
  });
}
