import { AppError } from '../errors.ts';

/**
 * Base URL without a trailing slash.
 *
 * @throws AppError CONFIG_INVALID
 */
export function baseUrl(url: string): string {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  const isHttp = parsed?.protocol === 'http:' || parsed?.protocol === 'https:';
  if (parsed === undefined || !isHttp || parsed.search !== '' || parsed.hash !== '') {
    const message =
      'the FHIR service URL must be absolute http(s), without query and fragment, such as https://name.fhir.azurehealthcareapis.com';
    throw new AppError('CONFIG_INVALID', message);
  }
  return parsed.href.replace(/\/+$/, '');
}

/**
 * A link of an answer as an absolute URL; undefined when it leads away from the service. The token
 * goes with every request, so a link must stay below the base that it is for.
 */
export function belowBase(base: string, link: string): string | undefined {
  const target = URL.canParse(link, `${base}/`) ? new URL(link, `${base}/`) : undefined;
  const { origin, pathname } = new URL(`${base}/`);
  const isBelow =
    target?.origin === origin && `${target.pathname}/`.startsWith(pathname) && !target.username;
  return isBelow ? target.href : undefined;
}
