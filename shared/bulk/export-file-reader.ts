import { AppError } from '../errors.ts';
import {
  createDownload,
  type HttpDownload,
  type HttpOpen,
  type HttpOptions,
  parseRetryAfter,
} from '../http/index.ts';
import type { BlobStore, ExportFile, ExportFileReader, FileAccess } from './contract.ts';
import { unzipped } from './unzipped.ts';
import { withResumption } from './with-resumption.ts';

export interface ExportFileReaderOptions {
  /** Files of this account are read with its credentials. */
  readonly store?: BlobStore;
  /** For all other files: where they may lie, and the token for those that need one. */
  readonly http: HttpOptions;
}

/** Links that ended: signed URLs answer 401 or 403, tidied files 404 or 410. */
const ended = new Set([401, 403, 404, 410]);
const redirects = new Set([301, 302, 303, 307, 308]);
const maxRedirects = 3;

/** @throws AppError CONFIG_INVALID for an origin that is none */
export function createExportFileReader(options: ExportFileReaderOptions): ExportFileReader {
  const { store, http } = options;
  const openers = {
    signed: createDownload(http),
    plain: createDownload({ ...http, token: undefined }),
  };

  return (file, access) =>
    store?.owns(file.url) === true ? store.read(file.url) : readByHttp(openers, file, access);
}

interface Openers {
  readonly signed: HttpOpen;
  /** Sends no token. */
  readonly plain: HttpOpen;
}

async function* readByHttp(
  openers: Openers,
  file: ExportFile,
  access: FileAccess,
): AsyncGenerator<Buffer, void, undefined> {
  const open = access.requiresAccessToken ? openers.signed : openers.plain;
  let found = await follow(open, openers.plain, file.url);
  if (ended.has(found.download.status)) {
    const renewed = await access.renew?.();
    if (renewed === undefined) {
      throw expired(found.download.status);
    }
    found = await follow(open, openers.plain, renewed.url);
  }
  const { download, again } = found;
  if (ended.has(download.status)) {
    throw expired(download.status);
  }
  if (download.status !== 200) {
    throw refused(download);
  }
  yield* unzipped(withResumption(download, again));
}

interface Found {
  readonly download: HttpDownload;
  /** Opens the same file once more. */
  readonly again: (headers: Readonly<Record<string, string>>) => Promise<HttpDownload>;
}

const ndjson = { accept: 'application/fhir+ndjson' };

/**
 * Redirects are followed by hand: within the allowed origins, and without the token, which is
 * meant for the first address only.
 */
async function follow(open: HttpOpen, plain: HttpOpen, url: string): Promise<Found> {
  let [at, opener] = [url, open];
  let download = await opener({ url: at, headers: ndjson });
  for (let hops = 0; redirects.has(download.status) && hops < maxRedirects; hops += 1) {
    const location = download.headers.get('location') ?? '';
    if (location === '' || !URL.canParse(location, at)) {
      break;
    }
    [at, opener] = [new URL(location, at).href, plain];
    download = await opener({ url: at, headers: ndjson });
  }
  const [end, last] = [at, opener];
  return { download, again: (headers) => last({ url: end, headers: { ...ndjson, ...headers } }) };
}

function expired(status: number): AppError {
  const message = `the link to an export file is not good any more (status ${status}); fetch the manifest anew`;
  return new AppError('LINK_EXPIRED', message, { details: { status } });
}

function refused({ status, headers }: HttpDownload): AppError {
  const details = { status };
  if (status === 408 || status === 425 || status >= 500) {
    const seconds = parseRetryAfter(headers, Date.now());
    const wait = seconds === undefined ? {} : { retryAfterSeconds: seconds };
    const message = `an export file cannot be had now (status ${status})`;
    return new AppError('REQUEST_FAILED', message, { details, ...wait });
  }
  return new AppError('FHIR_REFUSED', `an export file was refused (status ${status})`, { details });
}
