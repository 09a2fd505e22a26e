import type { RefusalCause } from './contract.ts';
import type { InnerResponse } from './inner-http.ts';

/** The error body of the Web API; both empty when the body is something else. */
export interface ErrorAnswer {
  /** `0x` and hex digits, lower case, or empty. */
  readonly code: string;
  /** Read for names and ids only; it may hold clinical values and goes nowhere else. */
  readonly message: string;
}

export function readError(response: InnerResponse): ErrorAnswer {
  try {
    const body: unknown = JSON.parse(response.text);
    const error = member(body, 'error');
    const code = String(member(error, 'code') ?? '').toLowerCase();
    const message = String(member(error, 'message') ?? '');
    return { code: /^0x[0-9a-f]{1,8}$/.test(code) ? code : '', message };
  } catch {
    return { code: '', message: '' };
  }
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && name in value
    ? Reflect.get(value, name)
    : undefined;
}

/** Codes of facts A1, and their neighbours on the page "Web service error codes". */
const causes: ReadonlyMap<string, RefusalCause> = new Map([
  ['0x80044331', 'too-long'],
  ['0x8004431a', 'not-an-option'],
  ['0x80040220', 'forbidden'],
  ['0x80048306', 'forbidden'],
  ['0x80048405', 'forbidden'],
  ['0x80040237', 'duplicate'],
  ['0x80040333', 'duplicate'],
  ['0x80060892', 'duplicate'],
  ['0x80040265', 'plugin'],
  ['0x80044182', 'plugin'],
  ['0x80050201', 'plugin'],
  ['0x80050202', 'plugin'],
  ['0x80050205', 'plugin'],
  ['0x80048d19', 'invalid'],
  ['0x80060888', 'invalid'],
  ['0x80040203', 'invalid'],
  ['0x80040239', 'invalid'],
  ['0x8004430c', 'invalid'],
  ['0x0', 'invalid'],
]);

/** Code first, status second; the message is never asked. */
export function causeOf(status: number, code: string): RefusalCause {
  const known = causes.get(code);
  if (known !== undefined) {
    return known;
  }
  if (status === 403) {
    return 'forbidden';
  }
  return status === 400 && code === '' ? 'invalid' : 'unknown';
}
