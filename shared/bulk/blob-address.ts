import { AppError } from '../errors.ts';

export interface BlobAddress {
  readonly container: string;
  readonly name: string;
}

/**
 * Which blob of the account a URL names. Its credentials go with every request, so a URL with
 * another origin, another account path or a query is none of ours.
 *
 * @throws AppError URL_NOT_ALLOWED
 */
export function blobAddress(base: string, url: string): BlobAddress {
  const found = findBlobAddress(base, url);
  if (found === undefined) {
    const origin = URL.canParse(url) ? new URL(url).origin : 'no URL';
    const message = 'the URL names no blob of the configured storage account';
    throw new AppError('URL_NOT_ALLOWED', message, { details: { origin, account: base } });
  }
  return found;
}

/** The URL of a blob, as the service writes it. */
export function blobUrl(base: string, { container, name }: BlobAddress): string {
  return `${base}/${container}/${name.split('/').map(encodeURIComponent).join('/')}`;
}

/** As `blobAddress`, undefined for a foreign URL. */
export function findBlobAddress(base: string, url: string): BlobAddress | undefined {
  const target = URL.canParse(url) ? new URL(url) : undefined;
  const prefix = new URL(`${base}/`);
  if (
    target === undefined ||
    target.origin !== prefix.origin ||
    !target.pathname.startsWith(prefix.pathname) ||
    `${target.search}${target.hash}${target.username}` !== ''
  ) {
    return undefined;
  }
  const [container = '', ...name] = target.pathname.slice(prefix.pathname.length).split('/');
  const decoded = decode(name.join('/'));
  return container === '' || decoded === undefined || decoded === ''
    ? undefined
    : { container, name: decoded };
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
