const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;

/** Waits before the second, third, … attempt; from the tenth on every 12 hours (facts dataverse-and-events B2). */
const waits = [
  10 * second,
  30 * second,
  minute,
  5 * minute,
  10 * minute,
  30 * minute,
  hour,
  3 * hour,
  6 * hour,
] as const;
const lastWait = 12 * hour;

const minimumWaits: Readonly<Record<number, number>> = {
  404: 5 * minute,
  408: 2 * minute,
  503: 30 * second,
};

export interface DeliveryPolicy {
  /** 1 to 30. */
  readonly maxDeliveryAttempts: number;
  readonly timeToLiveMilliseconds: number;
}

export interface FailedAttempt {
  /** Attempts made so far, this one included. */
  readonly attempts: number;
  /** HTTP status, or undefined when there was no answer. */
  readonly status: number | undefined;
  readonly ageMilliseconds: number;
  /** 0 to 1, drawn once per request so that a failed batch stays together. */
  readonly jitter: number;
}

export type AfterFailure =
  | { readonly kind: 'retry'; readonly waitMilliseconds: number }
  | { readonly kind: 'deadLetter'; readonly reason: DeadLetterReason };

export type DeadLetterReason =
  | 'MaxDeliveryAttemptsExceeded'
  | 'TimeToLiveExceeded'
  | 'UndeliverableDueToHttpBadRequest'
  | 'UndeliverableDueToHttpUnauthorized'
  | 'UndeliverableDueToHttpForbidden'
  | 'UndeliverableDueToHttpRequestEntityTooLarge';

/** Answers that no later attempt can mend: dead-lettered at once. */
const finalReasons: Readonly<Record<number, DeadLetterReason>> = {
  400: 'UndeliverableDueToHttpBadRequest',
  401: 'UndeliverableDueToHttpUnauthorized',
  403: 'UndeliverableDueToHttpForbidden',
  413: 'UndeliverableDueToHttpRequestEntityTooLarge',
};

/** True for answers that say something about the events and nothing about the endpoint's health. */
export function isEventAtFault(status: number | undefined): boolean {
  return status === 400 || status === 413;
}

/** 200 to 204 are success; everything else, 3xx included, is not. */
export function isSuccess(status: number | undefined): boolean {
  return status !== undefined && status >= 200 && status <= 204;
}

/** What Event Grid does after a failed attempt. Times are unscaled; the wait has up to 10 % of jitter on top. */
export function afterFailure(attempt: FailedAttempt, policy: DeliveryPolicy): AfterFailure {
  const { attempts, status, ageMilliseconds, jitter } = attempt;
  const final = status === undefined ? undefined : finalReasons[status];
  if (final !== undefined) return { kind: 'deadLetter', reason: final };
  if (attempts >= policy.maxDeliveryAttempts) {
    return { kind: 'deadLetter', reason: 'MaxDeliveryAttemptsExceeded' };
  }
  const planned = waits[attempts - 1] ?? lastWait;
  const minimum = status === undefined ? 0 : (minimumWaits[status] ?? 0);
  const waitMilliseconds = Math.max(planned, minimum) * (1 + jitter / 10);
  if (ageMilliseconds + waitMilliseconds > policy.timeToLiveMilliseconds) {
    return { kind: 'deadLetter', reason: 'TimeToLiveExceeded' };
  }
  return { kind: 'retry', waitMilliseconds };
}

/** `lastDeliveryOutcome` of a dead letter: the service's word for an HTTP status. */
export function outcomeOf(status: number): string {
  return outcomes[status] ?? 'GenericError';
}

const outcomes: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  408: 'TimedOut',
  413: 'PayloadTooLarge',
  503: 'Busy',
};
