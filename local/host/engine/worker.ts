/**
 * The seam between the durable engine and the language worker side of the
 * local Functions host. The host implements `DurableWorker` over
 * `@azure/functions`; the engine knows nothing else about functions.
 */
import type { Clock } from './clock.ts';

export type DurableFunctionKind = 'orchestrator' | 'activity' | 'entity';

/**
 * Called once after an orchestrator invocation settled, whether it returned or
 * threw, with the InvocationContext that the handler received. The engine reads
 * `context.df.taskOrchestratorExecutor.sequenceNumber` from it to prove that
 * the SDK and the engine number tasks alike (facts durable-host 3.1).
 */
export type ContextInspector = (context: unknown) => void;

/** What the engine needs from the language worker side (the host implements it over @azure/functions-core). */
export interface DurableWorker {
  /** Registered function names are case-insensitive; returns the registered spelling. */
  find(kind: DurableFunctionKind, name: string): string | undefined;

  /** All registered names, for error texts. */
  names(kind: DurableFunctionKind): readonly string[];

  /**
   * Calls the orchestrator with ONE trigger input, RpcTypedData
   * `{ string: JSON.stringify(payload) }`. Always stringify: the SDK rewrites
   * the object it receives, and the engine keeps `payload` in its cache.
   * Resolves to the returned state as a JSON value (parse RpcTypedData.json),
   * rejects with what the function threw, unchanged.
   * Call `inspect`, if given, with the InvocationContext after the handler settled.
   */
  invokeOrchestrator(name: string, payload: unknown, inspect?: ContextInspector): Promise<unknown>;

  /**
   * Calls the activity with ONE trigger input: `inputJson === null` means no data
   * (the handler sees undefined), otherwise RpcTypedData `{ string: inputJson }`.
   * Resolves to the return value as a JSON value, rejects with what it threw.
   */
  invokeActivity(name: string, inputJson: string | null, instanceId: string): Promise<unknown>;

  /** As `invokeOrchestrator`, for an entity batch payload (facts durable-host 1.5). */
  invokeEntity(name: string, payload: unknown): Promise<unknown>;
}

export interface DurableEngineOptions {
  readonly worker: DurableWorker;
  /** SQLite file; undefined keeps everything in memory. */
  readonly dataFile: string | undefined;
  /** Wait for a data file that another process has, milliseconds; 8,000 when left out. */
  readonly takeOverMs?: number | undefined;
  readonly hubName: string;
  /** Real time by default; tests pass a virtual clock. */
  readonly clock?: Clock;
  /** host.json extensions.durableTask.maxConcurrentActivityFunctions; default 20. */
  readonly maxConcurrentActivities?: number;
  /** host.json extensions.durableTask.maxConcurrentOrchestratorFunctions; default 100. */
  readonly maxConcurrentOrchestrators?: number;
  /** Ended instances are deleted when they are older, milliseconds; undefined keeps them. */
  readonly purgeAfter?: number | undefined;
  /** Engine warnings worth a line in the host's log; never holds payloads. */
  readonly onWarning?: (message: string) => void;
  /** The host's origin, for example http://127.0.0.1:7071; read late because port 0 is resolved at listen. */
  readonly baseUrl: () => string;
  /** When set, management calls must carry it as ?code= or x-functions-key. */
  readonly systemKey?: string;
}

export interface DurableEngineStatus {
  /** Instances that are Running or Suspended. */
  readonly running: number;
  /** Instances that were started and have not had their first episode. */
  readonly pending: number;
  /** Activities scheduled and not yet finished. */
  readonly waitingActivities: number;
}

export interface DurableEngine {
  /** Opens the store and goes on with everything that was in flight when it was last closed or killed. */
  start(): Promise<void>;
  /** Takes no new work, waits for running functions to settle, closes the store. */
  stop(): Promise<void>;
  /**
   * The standard management API. The URL's path may be the public one
   * (/runtime/webhooks/durabletask/...) or already relative to it.
   */
  handleManagement(request: Request): Promise<Response>;
  status(): DurableEngineStatus;
}
