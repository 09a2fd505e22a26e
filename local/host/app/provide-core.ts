import { registerHooks } from 'node:module';

const coreModule = new URL('./functions-core.ts', import.meta.url).href;

/**
 * From now on `@azure/functions-core`, required or imported from anywhere,
 * is our functions-core.ts. Must run before anything loads `@azure/functions`:
 * that package asks once, and takes a failure for "test mode" without a word.
 */
export function provideCore(): void {
  registerHooks({
    resolve: (specifier, context, nextResolve) =>
      specifier === '@azure/functions-core'
        ? { url: coreModule, shortCircuit: true }
        : nextResolve(specifier, context),
  });
}
