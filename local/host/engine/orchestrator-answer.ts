import { type Action, isObject, parseActions } from './actions.ts';

/** What one call of the orchestrator function came to. */
export interface OrchestratorAnswer {
  readonly isDone: boolean;
  readonly actions: readonly Action[];
  readonly output: unknown;
  /** JSON text; undefined when absent, which clears the status (conformance finding 13). */
  readonly customStatus: string | undefined;
  /** The final text of a failed orchestration, without its "Orchestrator function ... failed: " prefix. */
  readonly error: string | undefined;
}

const label = '$OutOfProcData$:';

/** Reads the state that an orchestrator returned. Throws ProtocolError when it is none. */
export function answerFromState(value: unknown): OrchestratorAnswer {
  const state = isObject(value) ? value : {};
  const nested = state['actions'];
  const actions = parseActions(Array.isArray(nested) ? (nested[0] ?? []) : undefined);
  const status = state['customStatus'];
  const error = state['error'];
  return {
    isDone: state['isDone'] === true,
    actions,
    output: state['output'],
    customStatus: status === undefined || status === null ? undefined : JSON.stringify(status),
    error: typeof error === 'string' ? error : undefined,
  };
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

/**
 * Reads what an orchestrator threw. The SDK puts the state behind a label in
 * the message; without the label the error is a plain failure whose actions
 * are lost (facts durable-host 1.4).
 */
export function answerFromError(thrown: unknown): OrchestratorAnswer {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const stack = thrown instanceof Error ? (thrown.stack ?? '') : '';
  const at = message.indexOf(label);
  const state = at < 0 ? undefined : parsed(message.slice(at + label.length));
  if (isObject(state)) {
    const answer = answerFromState(state);
    if (answer.error !== undefined) return answer;
    const text = `One or more errors occurred. (Result: Failure\nException: ${message}\nStack: ${stack})`;
    return { ...answer, error: text };
  }
  return { isDone: false, actions: [], output: undefined, customStatus: undefined, error: message };
}
