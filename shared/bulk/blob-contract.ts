export interface BlobListing {
  /** Below the container. */
  readonly name: string;
  readonly url: string;
  readonly bytes: number;
  readonly etag: string;
}

export interface WrittenBlob {
  readonly url: string;
  readonly etag: string;
  readonly bytes: number;
}

/** Which way the bytes of a composed blob went; `streamed` is what Azurite needs. */
export interface ComposedBlob extends WrittenBlob {
  readonly how: 'server-side' | 'streamed';
}

export interface ByteRange {
  readonly offset: number;
  /** Absent: to the end. */
  readonly count?: number;
}

/**
 * The storage account that exports land in and imports come from. Errors: AppError
 * BLOB_UNAVAILABLE (retryable), BLOB_REFUSED (access, names), NOT_FOUND, URL_NOT_ALLOWED for a URL
 * outside the account.
 */
export interface BlobStore {
  /** The only hosts it talks to, as origins. */
  readonly hosts: readonly string[];
  /** Is this the URL of a blob of this account? */
  owns(url: string): boolean;
  urlOf(container: string, name: string): string;
  /** Blobs by name order; nothing when the container does not exist. */
  list(container: string, prefix?: string): AsyncIterable<BlobListing>;
  /** Undefined when it does not exist. */
  find(url: string): Promise<WrittenBlob | undefined>;
  read(url: string, range?: ByteRange): AsyncIterable<Buffer>;
  /** Replaces a blob of this name. Nothing is visible before the last byte is there. */
  write(
    container: string,
    name: string,
    content: Buffer | AsyncIterable<Buffer>,
  ): Promise<WrittenBlob>;
  /**
   * One block blob out of several, in this order, without a download (Put Block From URL), each
   * ending in a line feed. Sources must be blobs of this account; empty ones add nothing.
   */
  compose(container: string, name: string, sources: readonly string[]): Promise<ComposedBlob>;
  /** Names of the containers that begin with it. */
  containers(prefix: string): AsyncIterable<string>;
  ensureContainer(name: string): Promise<void>;
  /** Also when it does not exist. */
  removeContainer(name: string): Promise<void>;
  /** Also when it does not exist. */
  remove(url: string): Promise<void>;
}
