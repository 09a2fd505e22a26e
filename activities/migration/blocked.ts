import { AppError, isRetryable } from '../../shared/errors.ts';

/** A step cannot go on before a person or another system mends something. Nothing is lost by it. */
export interface Blocked {
  readonly kind: 'blocked';
  /** Says what to do; safe to show. */
  readonly reason: string;
}

export const blocked = (reason: string): Blocked => ({ kind: 'blocked', reason });

/**
 * A step whose lasting refusals are answers. What a later attempt may mend is thrown, for the
 * orchestration's retry policy; so are programming errors.
 */
export function blocking<Input, Output>(
  step: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output | Blocked> {
  return async (input) => {
    try {
      return await step(input);
    } catch (error) {
      if (error instanceof AppError && !error.retryable && error.code !== 'INTERNAL') {
        return blocked(error.message);
      }
      throw error;
    }
  };
}

/** A fan-out step could not do its work now; a later attempt may. */
export interface Later {
  readonly kind: 'later';
}

/** A step that runs beside others: it never throws what a later attempt may mend (DESIGN §3 rule 10). */
export function answeringLater<Input, Output>(
  step: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output | Blocked | Later> {
  const answered = blocking(step);
  return async (input) => {
    try {
      return await answered(input);
    } catch (error) {
      if (isRetryable(error)) return { kind: 'later' };
      throw error;
    }
  };
}
