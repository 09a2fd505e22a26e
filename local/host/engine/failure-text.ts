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
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  if (!(cause instanceof Error) || !('code' in cause) || cause.code !== 'ECONNREFUSED')
    return undefined;
  const where = cause.message.replace(/^connect ECONNREFUSED /, '');
  return `Connection refused (${where})`;
}

/** callHttp failures carry the plain message. */
export function httpFailure(thrown: unknown): FailureText {
  const message = refusedConnection(thrown) ?? messageOf(thrown).message;
  const details = {
    $type: 'System.Net.Http.HttpRequestException, System.Net.Http',
    Message: message,
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

export function unknownOrchestrator(name: string): string {
  return `The function '${name}' doesn't exist, is disabled, or is not an orchestrator function. Additional info: register it with df.app.orchestration('${name}', ...).`;
}
