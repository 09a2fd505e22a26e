import type { BlobServiceClient } from '@azure/storage-blob';
import { AppError } from '../errors.ts';
import type { TokenProvider } from '../identity/index.ts';

/** A storage account, by its connection string or by the URL of its blob service and an identity. */
export type BlobStoreOptions =
  | { readonly connectionString: string }
  | { readonly url: string; readonly token: TokenProvider };

export interface BlobService {
  /** Of the account, without a trailing slash. */
  readonly base: string;
  readonly token: TokenProvider | undefined;
  readonly client: () => Promise<BlobServiceClient>;
}

const developmentStorage = 'http://127.0.0.1:10000/devstoreaccount1';

/**
 * The account's address now, its client on first use: the SDK is large, and a process that moves
 * no data never needs it.
 *
 * @throws AppError CONFIG_INVALID
 */
export function blobService(options: BlobStoreOptions): BlobService {
  const url = 'url' in options ? options.url : endpointOf(options.connectionString);
  const parsed = url !== undefined && URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^https?:$/.test(parsed.protocol) || parsed.search !== '') {
    // Not quoted: a connection string holds the account's key.
    const message = 'the blob storage settings are no connection string and no blob service URL';
    throw new AppError('CONFIG_INVALID', message);
  }
  let client: Promise<BlobServiceClient> | undefined;
  return {
    base: parsed.href.replace(/\/+$/, ''),
    token: 'token' in options ? options.token : undefined,
    client: () => {
      client ??= open(options);
      return client;
    },
  };
}

async function open(options: BlobStoreOptions): Promise<BlobServiceClient> {
  const { BlobServiceClient } = await import('@azure/storage-blob');
  if ('connectionString' in options) {
    return BlobServiceClient.fromConnectionString(options.connectionString);
  }
  const { url, token } = options;
  // The provider caches and renews; the SDK is to ask it again soon.
  const getToken = async () => ({
    token: await token(),
    expiresOnTimestamp: Date.now() + 60_000,
  });
  return new BlobServiceClient(url, { getToken });
}

/** The blob endpoint of a connection string: named, or made of the account's name. */
function endpointOf(connectionString: string): string | undefined {
  const fields = new Map(
    connectionString.split(';').map((field): readonly [string, string] => {
      const equals = field.indexOf('=');
      return [field.slice(0, Math.max(equals, 0)).trim(), field.slice(equals + 1).trim()];
    }),
  );
  if (fields.get('UseDevelopmentStorage') === 'true') {
    return developmentStorage;
  }
  const account = fields.get('AccountName');
  const protocol = fields.get('DefaultEndpointsProtocol') ?? 'https';
  const suffix = fields.get('EndpointSuffix') ?? 'core.windows.net';
  return (
    fields.get('BlobEndpoint') ??
    (account === undefined ? undefined : `${protocol}://${account}.blob.${suffix}`)
  );
}
