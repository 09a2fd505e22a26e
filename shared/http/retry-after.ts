const longestSeconds = 86_400;

/**
 * How long the server asks us to wait, in seconds, at most one day; undefined when it does not say.
 * Reads `x-ms-retry-after-ms` (Azure Health Data Services, finer than whole seconds), then
 * `Retry-After` as seconds or HTTP-date (RFC 9110 section 10.2.3).
 *
 * @param now milliseconds since the epoch
 */
export function parseRetryAfter(headers: Headers, now: number): number | undefined {
  const milliseconds = headers.get('x-ms-retry-after-ms')?.trim();
  if (milliseconds !== undefined && isDecimal(milliseconds)) {
    return clamp(Number(milliseconds) / 1000);
  }
  const value = headers.get('retry-after')?.trim();
  if (value === undefined) {
    return undefined;
  }
  if (isDecimal(value)) {
    return clamp(Number(value));
  }
  const instant = /^[a-z]{3,9},? /i.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(instant) ? undefined : clamp((instant - now) / 1000);
}

function isDecimal(text: string): boolean {
  return /^\d+(\.\d+)?$/.test(text);
}

function clamp(seconds: number): number {
  return Math.min(Math.max(seconds, 0), longestSeconds);
}
