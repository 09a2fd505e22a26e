import { AppError } from '../errors.ts';

/** A line that cannot be proved: the message names the byte and the rule, never what stands there. */
export function notJson(byte: number, rule: string): AppError {
  return new AppError('INPUT_INVALID', `the line is not sound JSON at byte ${byte}: ${rule}`, {
    details: { byte, rule },
  });
}

export function notResource(rule: string): AppError {
  return new AppError('INPUT_INVALID', `the line is not a FHIR resource: ${rule}`, {
    details: { rule },
  });
}
