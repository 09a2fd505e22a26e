import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';

export interface BlobAccount {
  readonly connectionString: string;
  close(): Promise<void>;
}

interface Blob {
  readonly content: Buffer;
  readonly etag: string;
}

interface Container {
  readonly blobs: Map<string, Blob>;
  /** Blocks that wait for their list, by blob and block id. */
  readonly blocks: Map<string, Buffer>;
}

/**
 * A storage account in memory, in this process: the few requests of the Blob REST API that a
 * migration sends, ten times as fast as Azurite, so that thousands of migrations can be run.
 * Nothing is authenticated. Azurite is what the other tests use.
 */
export async function startBlobAccount(): Promise<BlobAccount> {
  const containers = new Map<string, Container>();
  const server = createServer((message, response) => void answer(containers, message, response));
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    connectionString: [
      'DefaultEndpointsProtocol=http',
      'AccountName=memory',
      `AccountKey=${Buffer.from('memory').toString('base64')}`,
      `BlobEndpoint=http://127.0.0.1:${port}/memory`,
    ].join(';'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string) {
    super(code);
    this.status = status;
    this.code = code;
  }
}

interface Call {
  readonly method: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
  readonly containers: Map<string, Container>;
  readonly container: string;
  readonly name: string;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string | number>>;
  readonly body?: Buffer | string;
}

async function answer(
  containers: Map<string, Container>,
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
    ...{ containers, container, name: name.join('/') },
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
    if (!(error instanceof Refusal)) throw error;
    return refusal(error.status, error.code);
  }
}

const refusal = (status: number, code: string): Answer => ({
  status,
  headers: { 'x-ms-error-code': code, 'content-type': 'application/xml' },
  body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${code}</Code><Message>${code}</Message></Error>`,
});

function answerAccount({ query, containers }: Call): Answer {
  const prefix = query.get('prefix') ?? '';
  const items = [...containers.keys()]
    .filter((name) => name.startsWith(prefix))
    .sort()
    .map((name) => `<Container><Name>${name}</Name><Properties /></Container>`);
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults><Containers>${items.join('')}</Containers><NextMarker /></EnumerationResults>`,
  };
}

function answerContainer({ method, query, containers, container }: Call): Answer {
  if (method === 'PUT') {
    if (containers.has(container)) throw new Refusal(409, 'ContainerAlreadyExists');
    containers.set(container, { blobs: new Map(), blocks: new Map() });
    return { status: 201, headers: stamp() };
  }
  const { blobs } = opened(containers, container);
  if (method === 'DELETE') {
    containers.delete(container);
    return { status: 202 };
  }
  if (query.get('comp') !== 'list') return { status: 200, headers: stamp() };
  const prefix = query.get('prefix') ?? '';
  const items = [...blobs]
    .filter(([name]) => name.startsWith(prefix))
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(
      ([name, { content, etag }]) =>
        `<Blob><Name>${name}</Name><Properties><Etag>${etag}</Etag><Content-Length>${content.length}</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob>`,
    );
  return {
    status: 200,
    headers: { 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><EnumerationResults ContainerName="${container}"><Blobs>${items.join('')}</Blobs><NextMarker /></EnumerationResults>`,
  };
}

function opened(containers: Map<string, Container>, name: string): Container {
  const container = containers.get(name);
  if (container === undefined) throw new Refusal(404, 'ContainerNotFound');
  return container;
}

function answerBlob(call: Call): Answer {
  switch (call.method) {
    case 'PUT':
      return putBlob(call);
    case 'DELETE':
      if (!opened(call.containers, call.container).blobs.delete(call.name)) {
        throw new Refusal(404, 'BlobNotFound');
      }
      return { status: 202 };
    default:
      return readBlob(call);
  }
}

let versions = 0;

function nextEtag(): string {
  versions += 1;
  return `"0x${versions.toString(16)}"`;
}

const stamp = (etag = nextEtag()) => ({
  etag,
  'last-modified': new Date().toUTCString(),
});

function putBlob({ query, headers, body, containers, container, name }: Call): Answer {
  const { blobs, blocks } = opened(containers, container);
  const blockOf = (id: string): string => `${name} ${id}`;
  if (query.get('comp') === 'block') {
    const source = headers['x-ms-copy-source'];
    const content = typeof source === 'string' ? copied(containers, source, headers) : body;
    blocks.set(blockOf(query.get('blockid') ?? ''), content);
    return { status: 201 };
  }
  const content =
    query.get('comp') === 'blocklist'
      ? Buffer.concat(listed(body).map((id) => blocks.get(blockOf(id)) ?? Buffer.alloc(0)))
      : body;
  const headersOfBlob = stamp();
  blobs.set(name, { content, etag: headersOfBlob.etag });
  return { status: 201, headers: headersOfBlob };
}

const listed = (xml: Buffer): readonly string[] =>
  [...xml.toString().matchAll(/<Latest>([^<]*)<\/Latest>/g)].map(([, id = '']) => id);

function copied(
  containers: Map<string, Container>,
  source: string,
  headers: IncomingMessage['headers'],
): Buffer {
  const [, , container = '', ...name] = new URL(source).pathname.split('/').map(decodeURIComponent);
  const blob = opened(containers, container).blobs.get(name.join('/'));
  if (blob === undefined) throw new Refusal(404, 'CannotVerifyCopySource');
  const range = /bytes=(\d+)-(\d+)/.exec(String(headers['x-ms-source-range'] ?? ''));
  return range === null
    ? blob.content
    : blob.content.subarray(Number(range[1]), Number(range[2]) + 1);
}

function readBlob({ method, headers, containers, container, name }: Call): Answer {
  const blob = opened(containers, container).blobs.get(name);
  if (blob === undefined) throw new Refusal(404, 'BlobNotFound');
  const { content, etag } = blob;
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
  if (from >= content.length) throw new Refusal(416, 'InvalidRange');
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
