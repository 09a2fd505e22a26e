/** A refusal in the terms of the Blob REST API. */
export class BlobRefusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

export interface MemoryBlob {
  readonly content: Buffer;
  /** As in a header, in quotes. */
  readonly etag: string;
}

interface Container {
  readonly blobs: Map<string, MemoryBlob>;
  /** Blocks that wait for their list, by blob and block id. */
  readonly blocks: Map<string, Buffer>;
}

/** What a storage account holds, in memory. */
export class MemoryBlobs {
  readonly #containers = new Map<string, Container>();
  #versions = 0;

  containers(prefix: string): readonly string[] {
    return [...this.#containers.keys()].filter((name) => name.startsWith(prefix)).sort();
  }

  /** @returns whether it is new */
  createContainer(name: string): boolean {
    if (this.#containers.has(name)) return false;
    this.#containers.set(name, { blobs: new Map(), blocks: new Map() });
    return true;
  }

  /** @returns whether it was there */
  removeContainer(name: string): boolean {
    return this.#containers.delete(name);
  }

  /** @throws BlobRefusal 404 */
  list(container: string, prefix: string): readonly (readonly [string, MemoryBlob])[] {
    return [...this.#opened(container).blobs]
      .filter(([name]) => name.startsWith(prefix))
      .sort(([one], [other]) => (one < other ? -1 : 1));
  }

  /** @throws BlobRefusal 404 */
  get(container: string, name: string): MemoryBlob {
    const blob = this.#opened(container).blobs.get(name);
    if (blob === undefined) throw new BlobRefusal(404, 'BlobNotFound');
    return blob;
  }

  /** @throws BlobRefusal 404 for a container that does not exist */
  put(container: string, name: string, content: Buffer): MemoryBlob {
    const blob = { content, etag: this.nextEtag() };
    this.#opened(container).blobs.set(name, blob);
    return blob;
  }

  /** @returns whether it was there */
  remove(container: string, name: string): boolean {
    return this.#containers.get(container)?.blobs.delete(name) ?? false;
  }

  stageBlock(container: string, name: string, { id, content }: StagedBlock): void {
    this.#opened(container).blocks.set(`${name} ${id}`, content);
  }

  commitBlocks(container: string, name: string, ids: readonly string[]): MemoryBlob {
    const { blocks } = this.#opened(container);
    const parts = ids.map((id) => blocks.get(`${name} ${id}`) ?? Buffer.alloc(0));
    return this.put(container, name, Buffer.concat(parts));
  }

  nextEtag(): string {
    this.#versions += 1;
    return `"0x${this.#versions.toString(16)}"`;
  }

  /** @throws BlobRefusal 404 */
  #opened(name: string): Container {
    const container = this.#containers.get(name);
    if (container === undefined) throw new BlobRefusal(404, 'ContainerNotFound');
    return container;
  }
}

export interface StagedBlock {
  readonly id: string;
  readonly content: Buffer;
}
