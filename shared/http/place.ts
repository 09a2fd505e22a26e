import { AppError } from '../errors.ts';

/** The set of origins that may be called; a malformed one stops the start. */
export function originSet(origins: readonly string[]): ReadonlySet<string> {
  return new Set(
    origins.map((origin) => {
      if (!URL.canParse(origin)) {
        throw new AppError('CONFIG_INVALID', 'an allowed origin is not an absolute URL', {
          details: { origin },
        });
      }
      return new URL(origin).origin;
    }),
  );
}

/**
 * Where a request goes, in words that are safe to log: method, origin and path. The query and
 * quoted literals in the path (alternate keys) may hold clinical values and are left out.
 *
 * @throws AppError URL_NOT_ALLOWED when the URL is malformed or of a foreign origin.
 */
export function placeOf(method: string, url: string, allowed: ReadonlySet<string>): string {
  if (!URL.canParse(url)) {
    throw new AppError('URL_NOT_ALLOWED', 'the request URL is not an absolute URL');
  }
  const { origin, pathname } = new URL(url);
  if (!allowed.has(origin)) {
    throw new AppError('URL_NOT_ALLOWED', `${origin} is not a configured service`, {
      details: { origin, allowed: [...allowed] },
    });
  }
  return `${method} ${origin}${pathname.replaceAll(/'.*'|%27.*%27/g, "'…'")}`;
}
