import { randomUUID } from 'node:crypto';
import type {
  CoreInvocationContext,
  InvocationModel,
  InvocationResponse,
} from '../app/core-contract.ts';
import type { Registration } from '../app/registration.ts';
import { HostError } from '../host-error.ts';
import type { Invocation, InvokerOptions } from './invoker.ts';
import { logThroughHooks } from './log-hooks.ts';

/** One call of one function, in the language worker's order of events (facts durable-host 2.2). */
export async function runInvocation(
  invocation: Invocation,
  options: InvokerOptions,
): Promise<InvocationResponse> {
  const core = coreContext(invocation, options);
  const model = modelFor(options.registration, core);
  const { context, inputs } = await model.getArguments();
  core.invocationContext = context;
  try {
    const call = { invocation, registration: options.registration, core, model, context, inputs };
    return await model.getResponse(context, await callWithHooks(call));
  } finally {
    invocation.inspect?.(context);
  }
}

interface LoggingContext extends CoreInvocationContext {
  /** Log hooks receive it once it exists. */
  invocationContext?: unknown;
}

interface Call {
  readonly invocation: Invocation;
  readonly registration: Registration;
  readonly core: CoreInvocationContext;
  readonly model: InvocationModel;
  readonly context: unknown;
  readonly inputs: unknown[];
}

/** Hooks may replace the inputs, the handler, the result and the error. */
async function callWithHooks(call: Call): Promise<unknown> {
  const { invocation, registration, core, model, context } = call;
  const shared = {
    hookData: {},
    appHookData: registration.appHookData,
    invocationContext: context,
  };
  const before = { ...shared, functionCallback: invocation.target.callback, inputs: call.inputs };
  core.state = 'preInvocationHooks';
  for (const hook of registration.hooks('preInvocation')) await hook(before);
  const after: typeof shared & { inputs: unknown[]; result: unknown; error: unknown } = {
    ...shared,
    inputs: before.inputs,
    result: null,
    error: null,
  };
  core.state = 'invocation';
  try {
    after.result = await model.invokeFunction(context, before.inputs, before.functionCallback);
  } catch (problem) {
    after.error = problem;
  }
  core.state = 'postInvocationHooks';
  for (const hook of registration.hooks('postInvocation')) await hook(after);
  core.state = undefined;
  // The worker asks for "neither null nor undefined", so `throw undefined` counts as success (conformance, finding 11).
  if (after.error !== null && after.error !== undefined) throw after.error;
  return after.result;
}

function coreContext(invocation: Invocation, options: InvokerOptions): LoggingContext {
  const { target, data, triggerMetadata, traceParent, retryContext } = invocation;
  const { registration, log } = options;
  const inputData = [{ name: target.triggerName, data }];
  for (const name of target.clientInputs) {
    inputData.push({ name, data: { string: options.durableClient() } });
  }
  const core: LoggingContext = {
    invocationId: randomUUID(),
    request: {
      inputData,
      triggerMetadata,
      retryContext,
      traceContext: traceParent === undefined ? undefined : { traceParent },
    },
    metadata: target.metadata,
    state: undefined,
    log(level, category, message) {
      const entry = { level, source: target.name, message };
      const { invocationContext } = core;
      logThroughHooks({ registration, log, category, entry, invocationContext });
    },
  };
  return core;
}

function modelFor(registration: Registration, core: CoreInvocationContext): InvocationModel {
  if (registration.model !== undefined) return registration.model.getInvocationModel(core);
  throw new HostError(
    'APP_FAILED',
    'The app has set no programming model: it does not use @azure/functions v4.',
  );
}
