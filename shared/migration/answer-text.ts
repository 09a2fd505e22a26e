import { AppError } from '../errors.ts';

/** The parser's message quotes the text, which may be clinical: it is dropped. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw unreadable('something that is not JSON');
  }
}

export const unreadable = (problem: string): AppError =>
  new AppError('RESPONSE_UNREADABLE', `the FHIR service answered ${problem}`);
