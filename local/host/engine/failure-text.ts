import type { DurableWorker } from './worker.ts';

/** What the extension makes of an activity's error: TaskFailed.Reason and .Details. */
export interface FailureText {
  readonly reason: string;
  readonly details: string;
}

function messageOf(thrown: unknown): { readonly message: string; readonly stack: string } {
  if (thrown instanceof Error) return { message: thrown.message, stack: thrown.stack ?? '' };
  const message = typeof thrown === 'string' ? thrown : JSON.stringify(thrown);
  return { message, stack: new Error(message).stack ?? '' };
}

/**
 * The functions host sends "Result: Failure\nException: m\nStack: s"; the
 * extension keeps what lies between "Exception:" and the LAST "\nStack:", hence
 * the two spaces after the colon (facts durable-host 1.2, conformance finding 11).
 */
export function activityFailure(name: string, thrown: unknown): FailureText {
  const { message, stack } = messageOf(thrown);
  const body = ` ${message}\nStack: ${stack}`;
  const cut = body.slice(0, body.lastIndexOf('\nStack:'));
  const rpcMessage = `Result: Failure\nException: ${message}\nStack: ${stack}`;
  return {
    reason: `Activity function '${name}' failed: ${cut}`,
    details: JSON.stringify({
      $type: 'System.Exception, System.Private.CoreLib',
      ClassName: 'System.Exception',
      Message: cut,
      Data: null,
      InnerException: {
        $type:
          'Microsoft.Azure.WebJobs.Script.Workers.Rpc.RpcException, Microsoft.Azure.WebJobs.Script',
        Message: rpcMessage,
      },
    }),
  };
}

function refusedConnection(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !('code' in thrown) || thrown.code !== 'ECONNREFUSED')
    return undefined;
  const where = thrown.message.replace(/^connect ECONNREFUSED /, '');
  return `Connection refused (${where})`;
}

const noData = { $type: 'System.Collections.ListDictionaryInternal, System.Private.CoreLib' };

/** callHttp failures carry the plain message and .NET's exception (recorded for a refused connection). */
export function httpFailure(thrown: unknown): FailureText {
  const refused = refusedConnection(thrown);
  const message = refused ?? messageOf(thrown).message;
  const socket = {
    $type: 'System.Net.Sockets.SocketException, System.Net.Primitives',
    ClassName: 'System.Net.Sockets.SocketException',
    Message: 'Connection refused',
    Data: null,
    InnerException: null,
    HelpURL: null,
    StackTraceString: '',
  };
  const details = {
    $type: 'System.Net.Http.HttpRequestException, System.Net.Http',
    HttpRequestError: refused === undefined ? 0 : 2,
    StatusCode: null,
    Message: message,
    Data: noData,
    InnerException: refused === undefined ? null : socket,
  };
  return { reason: message, details: JSON.stringify(details) };
}

export function orchestratorFailure(name: string, error: string): string {
  return `Orchestrator function '${name}' failed: ${error}`;
}

/** Details of a failed child as its parent sees them. */
export function childFailureDetails(error: string): string {
  return `Message: ${error}, StackTrace: `;
}

type KnownNames = Pick<DurableWorker, 'names'>;

/** The extension's text for a name that no function has; it lists those that some have. */
export function unknownFunction(
  kind: 'orchestrator' | 'entity',
  name: string,
  worker: KnownNames,
): string {
  const known = worker.names(kind);
  const info =
    known.length === 0
      ? `No ${kind} functions are currently registered!`
      : `The following are the known ${kind} functions: '${known.join("', '")}'.`;
  return `The function '${name}' doesn't exist, is disabled, or is not an ${kind} function. Additional info: ${info}`;
}

/** What the extension makes of an input that is no JSON: the function is never called. */
export function inputNotConverted(name: string): string {
  return `One or more errors occurred. (Exception while executing function: ${name})`;
}
