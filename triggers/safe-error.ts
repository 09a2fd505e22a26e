import type { InvocationContext } from '@azure/functions';
import { AppError } from '../shared/errors.ts';

/**
 * The error that may leave a function: into a durable history, the host's log
 * or an answer. Errors of the catalogue are safe by rule. Any other error may
 * quote what it stumbled over (a JSON parser quotes the document), so only its
 * class and the places in our code go to the log, and INTERNAL goes out.
 */
export function safeError(error: unknown, context: Pick<InvocationContext, 'error'>): AppError {
  if (error instanceof AppError) return error;
  const places = placesOf(error);
  const name = error instanceof Error ? error.constructor.name : typeof error;
  context.error(`INTERNAL: ${name}\n${places.join('\n')}`);
  return new AppError('INTERNAL', 'see the log of this invocation', { details: { name, places } });
}

/** The stack without the message, which can have several lines and look like a stack itself. */
function placesOf(error: unknown): readonly string[] {
  if (!(error instanceof Error)) return [];
  const { message, stack = '' } = error;
  const head = `${error.name}: ${message}`;
  if (!stack.startsWith(head)) return [];
  return stack
    .slice(head.length)
    .split('\n')
    .filter((line) => line.startsWith('    at '));
}
