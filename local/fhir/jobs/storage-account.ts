import { BlobServiceClient, type BlockBlobClient, type ContainerClient } from '@azure/storage-blob';

/** The storage account that exports write to and imports read from. */
export interface StorageAccount {
  /** True when scheme and host are this account's; the port is not looked at, as on Azure. */
  isOwn(url: URL): boolean;
  /** The blob at a URL of this account, whatever the port. */
  blobAt(url: string): BlockBlobClient;
  /** A container that exists from then on. */
  container(name: string): Promise<ContainerClient>;
  /** A container that may not exist. */
  existing(name: string): ContainerClient;
}

/** Opens the account of a connection string; `UseDevelopmentStorage=true` is Azurite on its usual ports. */
export function openStorage(connectionString: string): StorageAccount {
  const blobs = BlobServiceClient.fromConnectionString(connectionString);
  const own = new URL(blobs.url);
  const prefix = own.pathname.replace(/\/$/, '');
  return {
    isOwn: (url) => url.protocol === own.protocol && url.hostname === own.hostname,
    blobAt(url) {
      const { pathname } = new URL(url);
      const path = pathname.startsWith(`${prefix}/`) ? pathname.slice(prefix.length) : pathname;
      const [container = '', ...name] = path.split('/').filter(Boolean).map(decodeURIComponent);
      return blobs.getContainerClient(container || '$root').getBlockBlobClient(name.join('/'));
    },
    async container(name) {
      const container = blobs.getContainerClient(name);
      await container.createIfNotExists();
      return container;
    },
    existing: (name) => blobs.getContainerClient(name),
  };
}

/** The URL of a blob as the service hands it out: slashes in names stay slashes. */
export function blobUrl(blob: { readonly url: string }): string {
  return blob.url.replaceAll('%2F', '/');
}
