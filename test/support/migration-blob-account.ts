import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { BlobStore } from '../../shared/bulk/index.ts';
import { memoryBlobStore } from './memory-blob-store.ts';
import { BlobRefusal, MemoryBlobs } from './memory-blobs.ts';

export interface BlobAccount {
  readonly connectionString: string;
  /** The same account for the product, without HTTP in between. */
  readonly store: BlobStore;
  close(): Promise<void>;
}

/**
 * A storage account in memory, in this process: the few requests of the Blob REST API that a
 * migration sends, ten times as fast as Azurite, so that thousands of migrations can be run.
 * Nothing is authenticated. Azurite is what the other tests use.
 */
export async function startBlobAccount(): Promise<BlobAccount> {
  const blobs = new MemoryBlobs();
  const server = createServer((message, response) => void answer(blobs, message, response));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const base = `http://127.0.0.1:${port}/memory`;
  return {
    store: memoryBlobStore(blobs, base),
    connectionString: [
      'DefaultEndpointsProtocol=http',
      'AccountName=memory',
      `AccountKey=${Buffer.from('memory').toString('base64')}`,
      `BlobEndpoint=${base}`,
    ].join(';'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

interface Call {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly blobs: MemoryBlobs;
  readonly container: string;
  readonly name: string;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Buffer | string;
}

async function answer(
  blobs: MemoryBlobs,
  message: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const url = new URL(message.url ?? '/', 'http://memory');
  const [, , container = '', ...name] = url.pathname.split('/').map(decodeURIComponent);
  const call: Call = {
    method: message.method ?? 'GET',
    query: url.searchParams,
    headers: message.headers,
    body: Buffer.concat(chunks),
    ...{ blobs, container, name: name.join('/') },
  };
  const { status, headers = {}, body = '' } = answerOrRefusal(call);
  response.writeHead(status, { 'x-ms-version': '2025-01-05', ...headers });
  response.end(call.method === 'HEAD' ? undefined : body);
}

function answerOrRefusal(call: Call): Answer {
  try {
    if (call.container === '') return answerAccount(call);
    return call.name === '' ? answerContainer(call) : answerBlob(call);
  } catch (error) {
    if (!(error instanceof BlobRefusal)) throw error;
    return refusal(error.status, error.code);
  }
}

const refusal = (status: number, code: string): Answer => ({
  status,
  headers: { 'x-ms-error-code': code, 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});

function answerAccount({ query, blobs }: Call): Answer {
  const items = blobs
    .containers(query.get('prefix') ?? '')
    .map((name) => `<Container><Name>${name}</Name><Properties /></Container>`);
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Containers>${items.join('')}</Containers><NextMarker /></EnumerationResults>`,
  };
}

function answerContainer({ method, query, blobs, container }: Call): Answer {
  if (method === 'PUT') {
    if (!blobs.createContainer(container)) throw new BlobRefusal(409, 'ContainerAlreadyExists');
    return { status: 201, headers: stamp(blobs.nextEtag()) };
  }
  if (method === 'DELETE') {
    if (!blobs.removeContainer(container)) throw new BlobRefusal(404, 'ContainerNotFound');
    return { status: 202 };
  }
  const listed = blobs.list(container, query.get('prefix') ?? '');
  if (query.get('comp') !== 'list') return { status: 200, headers: stamp(blobs.nextEtag()) };
  const items = listed.map(
    ([name, { content, etag }]) =>
      `<Blob><Name>${name}</Name><Properties><Etag>${etag}</Etag><Content-Length>${content.length}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`,
  );
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="${container}"><Blobs>${items.join('')}</Blobs><NextMarker /></EnumerationResults>`,
  };
}

function answerBlob(call: Call): Answer {
  switch (call.method) {
    case 'PUT':
      return putBlob(call);
    case 'DELETE':
      if (!call.blobs.remove(call.container, call.name)) {
        throw new BlobRefusal(404, 'BlobNotFound');
      }
      return { status: 202 };
    default:
      return readBlob(call);
  }
}

const stamp = (etag: string) => ({
  etag,
  'last-modified': new Date().toUTCString(),
});

function putBlob({ query, headers, body, blobs, container, name }: Call): Answer {
  if (query.get('comp') === 'block') {
    const source = headers['x-ms-copy-source'];
    const content = typeof source === 'string' ? copied(blobs, source, headers) : body;
    blobs.stageBlock(container, name, { id: query.get('blockid') ?? '', content });
    return { status: 201 };
  }
  const { etag } =
    query.get('comp') === 'blocklist'
      ? blobs.commitBlocks(container, name, listed(body))
      : blobs.put(container, name, body);
  return { status: 201, headers: stamp(etag) };
}

const listed = (xml: Buffer): readonly string[] =>
  [...xml.toString().matchAll(/<Latest>([^<]*)<\/Latest>/g)].map(([, id = '']) => id);

function copied(blobs: MemoryBlobs, source: string, headers: IncomingMessage['headers']): Buffer {
  const [, , container = '', ...name] = new URL(source).pathname.split('/').map(decodeURIComponent);
  const { content } = blobs.get(container, name.join('/'));
  const range = /bytes=(\d+)-(\d+)/.exec(String(headers['x-ms-source-range'] ?? ''));
  return range === null ? content : content.subarray(Number(range[1]), Number(range[2]) + 1);
}

function readBlob({ method, headers, blobs, container, name }: Call): Answer {
  const { content, etag } = blobs.get(container, name);
  const common = {
    ...stamp(etag),
    'x-ms-blob-type': 'BlockBlob',
    'accept-ranges': 'bytes',
    'content-type': 'application/octet-stream',
  };
  const range = /bytes=(\d+)-(\d*)/.exec(String(headers['x-ms-range'] ?? headers['range'] ?? ''));
  if (method === 'HEAD' || range === null) {
    return { status: 200, headers: { ...common, 'content-length': content.length }, body: content };
  }
  const from = Number(range[1]);
  if (from >= content.length) throw new BlobRefusal(416, 'InvalidRange');
  const to = range[2] === '' ? content.length - 1 : Math.min(Number(range[2]), content.length - 1);
  const part = content.subarray(from, to + 1);
  return {
    status: 206,
    headers: {
      ...common,
      'content-length': part.length,
      'content-range': `bytes ${from}-${to}/${content.length}`,
    },
    body: part,
  };
}
