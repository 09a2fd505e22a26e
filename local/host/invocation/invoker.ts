import type { InvocationResponse, RetryContext, TypedData } from '../app/core-contract.ts';
import type { AppFunction, TriggerKind } from '../app/function-catalog.ts';
import type { Registration } from '../app/registration.ts';
import { HostError, messageOf } from '../host-error.ts';
import type { HostLog } from './host-log.ts';
import { runInvocation } from './run-invocation.ts';
import { RunningCount, withTimeout } from './running-count.ts';

export interface Invocation {
  readonly target: AppFunction;
  /** Undefined when the trigger carries no data; the handler then sees undefined. */
  readonly data: TypedData | undefined;
  readonly triggerMetadata?: Readonly<Record<string, TypedData>> | undefined;
  readonly traceParent?: string | undefined;
  readonly retryContext?: RetryContext | undefined;
  /** Receives the InvocationContext once the handler has settled. */
  readonly inspect?: ((context: unknown) => void) | undefined;
}

export interface InvokerOptions {
  readonly registration: Registration;
  readonly log: HostLog;
  /** JSON text of the durable client binding. */
  readonly durableClient: () => string;
  /** Milliseconds; undefined lets functions run for ever. */
  readonly timeout: number | undefined;
}

export interface Invoker {
  readonly running: RunningCount;
  /** Those of `running` that a trigger outside the durable engine began. */
  readonly edge: RunningCount;
  /** Calls the function once; rejects with what it threw, unchanged. */
  invoke(invocation: Invocation): Promise<InvocationResponse>;
}

const durableKinds: ReadonlySet<TriggerKind> = new Set(['orchestrator', 'activity', 'entity']);

export function createInvoker(options: InvokerOptions): Invoker {
  const { log, timeout } = options;
  const running = new RunningCount();
  const edge = new RunningCount();
  return {
    running,
    edge,
    async invoke(invocation) {
      const { name, kind } = invocation.target;
      const counts = durableKinds.has(kind) ? [running] : [running, edge];
      for (const count of counts) count.begin(name);
      try {
        const work = runInvocation(invocation, options);
        const response = await withTimeout(work, timeout, () => timedOut(name, timeout));
        for (const count of counts) count.end(name, 'succeeded');
        return response;
      } catch (problem) {
        for (const count of counts) count.end(name, 'failed');
        // An orchestrator that ends in an error carries its whole state in the message; the engine reports it better.
        if (kind !== 'orchestrator')
          log.write({ level: 'error', source: name, message: failure(problem) });
        throw problem;
      }
    },
  };
}

function failure(problem: unknown): string {
  const label = problem instanceof Error ? `${problem.name}: ` : '';
  return `failed. ${label}${messageOf(problem)}`;
}

function timedOut(name: string, timeout = 0): HostError {
  return new HostError(
    'FUNCTION_TIMEOUT',
    `Timeout value of ${timeout / 1_000} seconds exceeded by function "${name}": raise functionTimeout in host.json or do less per call.`,
  );
}
