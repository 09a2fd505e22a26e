export type HostErrorCode =
  | 'ARGUMENT_INVALID'
  | 'APP_NOT_FOUND'
  | 'APP_FAILED'
  | 'APP_UNSUPPORTED'
  | 'SETTINGS_INVALID'
  | 'FUNCTION_INVALID'
  | 'FUNCTION_TIMEOUT'
  | 'PORT_IN_USE'
  | 'DATA_UNUSABLE'
  | 'REQUEST_INVALID';

/** The host could not start, or could not do what was asked; the message names the place and the remedy. */
export class HostError extends Error {
  override readonly name = 'HostError';
  readonly code: HostErrorCode;

  constructor(code: HostErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? {} : { cause });
    this.code = code;
  }
}

/** What went wrong, whatever was thrown: JavaScript may throw anything. */
export function messageOf(problem: unknown): string {
  return problem instanceof Error ? problem.message : String(problem);
}
