import type { InvocationResponse } from '../app/core-contract.ts';
import type { AppFunction, FunctionCatalog } from '../app/function-catalog.ts';
import type { DurableFunctionKind, DurableWorker } from '../engine/index.ts';
import { HostError } from '../host-error.ts';
import type { Invoker } from '../invocation/invoker.ts';

/** The engine's door to the app's orchestrators, activities and entities. */
export function createDurableWorker(catalog: FunctionCatalog, invoker: Invoker): DurableWorker {
  const find = (kind: DurableFunctionKind, name: string): AppFunction | undefined => {
    const found = catalog.find(name);
    return found?.kind === kind && !found.disabled ? found : undefined;
  };
  const demand = (kind: DurableFunctionKind, name: string): AppFunction => {
    const target = find(kind, name);
    if (target !== undefined) return target;
    throw new HostError('FUNCTION_INVALID', `There is no ${kind} function "${name}" in this app.`);
  };
  return {
    find: (kind, name) => find(kind, name)?.name,
    names: (kind) => catalog.of(kind).map(({ name }) => name),
    invokeOrchestrator: async (name, payload, inspect) =>
      jsonValueOf(
        await invoker.invoke({
          target: demand('orchestrator', name),
          data: { string: JSON.stringify(payload) },
          inspect,
        }),
      ),
    invokeActivity: async (name, inputJson, instanceId) =>
      jsonValueOf(
        await invoker.invoke({
          target: demand('activity', name),
          data: inputJson === null ? undefined : { string: inputJson },
          triggerMetadata: { instanceId: { json: JSON.stringify(instanceId) } },
        }),
      ),
    invokeEntity: async (name, payload) =>
      jsonValueOf(
        await invoker.invoke({
          target: demand('entity', name),
          data: { string: JSON.stringify(payload) },
        }),
      ),
  };
}

/** The returned value as JSON; no value is null, bytes become base64 as in the extension. */
function jsonValueOf({ returnValue }: InvocationResponse): unknown {
  if (returnValue === null || returnValue === undefined) return null;
  const { json, string, int, double, bytes } = returnValue;
  if (typeof json === 'string') return JSON.parse(json);
  if (bytes !== null && bytes !== undefined) return Buffer.from(bytes).toString('base64');
  return string ?? int ?? double ?? null;
}
