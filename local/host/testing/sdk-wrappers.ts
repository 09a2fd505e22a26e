import { createRequire } from 'node:module';
import type { InvocationContext } from '@azure/functions';
import type { EntityHandler, OrchestrationHandler } from 'durable-functions';

/** A registered function as the worker calls it: one trigger input, then the context. */
export type WrappedFunction = (trigger: unknown, context: InvocationContext) => Promise<unknown>;

type Wrap<T> = (handler: T) => WrappedFunction;

interface SdkWrappers {
  readonly createOrchestrator: Wrap<OrchestrationHandler>;
  readonly createEntityFunction: Wrap<EntityHandler<unknown>>;
}

function isSdkWrappers(value: unknown): value is SdkWrappers {
  return (
    typeof value === 'object' &&
    value !== null &&
    'createOrchestrator' in value &&
    typeof value.createOrchestrator === 'function' &&
    'createEntityFunction' in value &&
    typeof value.createEntityFunction === 'function'
  );
}

/**
 * The wrappers that `df.app.orchestration` and `df.app.entity` put around a
 * handler before they register it. durable-functions 3.5 keeps them inside its
 * package; this is the one place that reaches in.
 */
export function sdkWrappers(): SdkWrappers {
  const inside: unknown = createRequire(import.meta.url)(
    'durable-functions/lib/src/util/testingUtils.js',
  );
  if (isSdkWrappers(inside)) return inside;
  throw new TypeError('durable-functions no longer has createOrchestrator; see sdk-wrappers.ts');
}
