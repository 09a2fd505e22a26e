import { AppError } from '../errors.ts';

/** HTTP status of an error of the SDK (`RestError`); 0 for anything without an answer. */
export function statusOf(error: unknown): number {
  const known = error instanceof Error && error.name === 'RestError' && 'statusCode' in error;
  return known && typeof error.statusCode === 'number' ? error.statusCode : 0;
}

/** True for a blob or container that does not exist. */
export function isMissing(error: unknown): boolean {
  return statusOf(error) === 404;
}

/**
 * The product's error for one of the SDK. Only the status and the service's error code are kept:
 * its messages quote requests with their signatures.
 *
 * @param what for example `reading a blob`
 */
export function blobFailure(error: unknown, what: string): unknown {
  if (error instanceof AppError) {
    return error;
  }
  const status = statusOf(error);
  const code = codeOf(error);
  const details = { status, code };
  if (status === 404) {
    return new AppError('NOT_FOUND', `${what}: it does not exist`, { details });
  }
  const mayPass = status < 400 || status >= 500 || [408, 412, 429].includes(status);
  if (mayPass || code === 'ContainerBeingDeleted' || code === 'BlobBeingRehydrated') {
    return new AppError('BLOB_UNAVAILABLE', `${what} is not possible now`, { details });
  }
  const remedy = 'the identity needs the role "Storage Blob Data Contributor"';
  const why = status === 403 || status === 401 ? `; ${remedy}` : '';
  return new AppError('BLOB_REFUSED', `${what} was refused (status ${status})${why}`, { details });
}

/** @throws AppError as `blobFailure` says */
export async function orBlobFailure<Value>(
  what: string,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    throw blobFailure(error, what);
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : '';
  return typeof code === 'string' && /^[A-Za-z_]+$/.test(code) ? code : '';
}
