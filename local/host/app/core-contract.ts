/**
 * The contract between the Functions host's language worker and the programming
 * model package `@azure/functions`, which asks for it under the name
 * `@azure/functions-core` (facts durable-host 2.1). That package has no
 * published types to depend on, so the part a host must honour is written here.
 */

export type LogLevel = 'trace' | 'debug' | 'information' | 'warning' | 'error' | 'critical';

export type LogCategory = 'user' | 'system' | 'customMetric';

/** One value on its way into or out of a function; exactly one member is set. */
export interface TypedData {
  readonly string?: string | null;
  readonly json?: string | null;
  readonly bytes?: Uint8Array | null;
  readonly int?: number | null;
  readonly double?: number | null;
  readonly http?: HttpData | null;
}

interface Nullable<T> {
  readonly value?: T | null;
}

export interface HttpData {
  readonly method?: string;
  readonly url?: string;
  readonly nullableHeaders?: Readonly<Record<string, Nullable<string>>>;
  readonly nullableQuery?: Readonly<Record<string, Nullable<string>>>;
  readonly nullableParams?: Readonly<Record<string, Nullable<string>>>;
  readonly body?: TypedData | null;
  readonly statusCode?: string | null;
  readonly headers?: Readonly<Record<string, string>> | null;
  readonly cookies?: readonly HttpCookie[] | null;
}

export interface HttpCookie {
  readonly name: string;
  readonly value: string;
  readonly domain?: Nullable<string> | undefined;
  readonly path?: Nullable<string> | undefined;
  readonly expires?: Nullable<{ readonly seconds?: number }> | undefined;
  readonly secure?: Nullable<boolean> | undefined;
  readonly httpOnly?: Nullable<boolean> | undefined;
  readonly sameSite?: string;
  readonly maxAge?: Nullable<number> | undefined;
}

/** A trigger, an input or an output of a function, with its own properties beside the type. */
export interface Binding {
  readonly type: string;
  readonly direction?: string | undefined;
  readonly [property: string]: unknown;
}

export interface FunctionMetadata {
  readonly name: string;
  readonly bindings: Readonly<Record<string, Binding>>;
  readonly retryOptions?: unknown;
}

export type FunctionCallback = (...inputs: unknown[]) => unknown;

export interface RetryContext {
  readonly retryCount: number;
  readonly maxRetryCount: number;
  readonly exception?: { readonly message: string };
}

export interface InvocationRequest {
  readonly inputData: readonly { readonly name: string; readonly data: TypedData | undefined }[];
  readonly triggerMetadata?: Readonly<Record<string, TypedData>> | undefined;
  readonly traceContext?:
    | { readonly traceParent?: string; readonly traceState?: string }
    | undefined;
  readonly retryContext?: RetryContext | undefined;
}

export interface CoreInvocationContext {
  readonly invocationId: string;
  readonly request: InvocationRequest;
  readonly metadata: FunctionMetadata;
  /** The programming model reads this to tell late logging from logging in hooks. */
  state: 'preInvocationHooks' | 'invocation' | 'postInvocationHooks' | undefined;
  log(level: LogLevel, category: LogCategory, message: string): void;
}

export interface InvocationResponse {
  readonly outputData?: readonly { readonly name: string; readonly data: TypedData }[] | null;
  readonly returnValue?: TypedData | null;
}

export interface InvocationModel {
  getArguments(): Promise<{ readonly context: unknown; readonly inputs: unknown[] }>;
  invokeFunction(context: unknown, inputs: unknown[], callback: FunctionCallback): Promise<unknown>;
  getResponse(context: unknown, result: unknown): Promise<InvocationResponse>;
}

export interface ProgrammingModel {
  readonly name: string;
  readonly version: string;
  getInvocationModel(context: CoreInvocationContext): InvocationModel;
  getCapabilities?(capabilities: Record<string, string>): Promise<Record<string, string>>;
}

/** Hooks receive one object that they may change; the worker reads the changes back. */
export type HookCallback = (context: HookContext) => unknown;

export interface HookContext {
  readonly hookData: Record<string, unknown>;
  readonly appHookData: Record<string, unknown>;
  [property: string]: unknown;
}

export const hookNames = [
  'preInvocation',
  'postInvocation',
  'appStart',
  'appTerminate',
  'log',
] as const;

export type HookName = (typeof hookNames)[number];
