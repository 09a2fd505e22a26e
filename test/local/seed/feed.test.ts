import { createServer, type Server } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FhirResource, feed } from '../../../local/seed/index.ts';

interface SentBundle {
  readonly type: string;
  readonly entry: readonly {
    readonly resource: FhirResource;
    readonly request: { readonly method: string; readonly url: string };
  }[];
}

interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

let server: Server;
let fhirUrl: string;
let bundles: SentBundle[];
let agents: Set<string | undefined>;
/** Status of one entry. */
let entryStatus: (url: string) => string;
/** Breaks the connection instead of answering. */
let tear: (attempt: number) => boolean;
/** Answers a whole Bundle instead, when it returns something. */
let reply: (attempt: number) => Reply | undefined;

beforeEach(async () => {
  bundles = [];
  agents = new Set();
  entryStatus = () => '201';
  reply = () => undefined;
  tear = () => false;
  server = createServer(async (request, response) => {
    const bundle = JSON.parse(await text(request)) as SentBundle;
    bundles.push(bundle);
    agents.add(request.headers['user-agent']);
    if (tear(bundles.length)) return request.socket.destroy();
    const whole = reply(bundles.length);
    const entry = bundle.entry.map(({ request: { url } }) => ({
      response: { status: entryStatus(url) },
    }));
    response.writeHead(whole?.status ?? 200, whole?.headers);
    response.end(
      whole?.body ?? JSON.stringify({ resourceType: 'Bundle', type: 'batch-response', entry }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  fhirUrl = `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}`;
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const patients = (count: number): FhirResource[] =>
  Array.from({ length: count }, (_, index) => ({ resourceType: 'Patient', id: `p${index}` }));
const sentUrls = () => bundles.flatMap(({ entry }) => entry.map(({ request }) => request.url));

test('every resource goes once, as a PUT in a batch of the asked size', async () => {
  const progress: number[] = [];
  const result = await feed({
    fhirUrl,
    resources: patients(25),
    batchSize: 10,
    onProgress: ({ sent }) => progress.push(sent),
  });
  expect(result).toEqual({ sent: 25, created: 25, updated: 0, failures: [] });
  expect(sentUrls().sort()).toEqual(
    patients(25)
      .map(({ id }) => `Patient/${id}`)
      .sort(),
  );
  expect(bundles.map(({ entry }) => entry.length).sort()).toEqual([10, 10, 5]);
  expect(bundles.every(({ type }) => type === 'batch')).toBe(true);
  expect(agents).toEqual(new Set(['fhir-dataverse-seed/1']));
  expect(progress.at(-1)).toBe(25);
});

test('a batch that answers 200 with failures inside reports each by reference and status', async () => {
  entryStatus = (url) =>
    ({ 'Patient/p1': '422 Unprocessable', 'Patient/p2': '200 OK' })[url] ?? '201';
  const result = await feed({ fhirUrl, resources: patients(4) });
  expect(result).toEqual({
    ...{ sent: 4, created: 2, updated: 1 },
    failures: [{ reference: 'Patient/p1', status: 422 }],
  });
});

test('throttled entries are sent again, and only they', async () => {
  entryStatus = (url) => (url === 'Patient/p1' && bundles.length === 1 ? '429' : '201');
  const result = await feed({ fhirUrl, resources: patients(3) });
  expect(result).toMatchObject({ created: 3, failures: [] });
  expect(sentUrls()).toEqual(['Patient/p0', 'Patient/p1', 'Patient/p2', 'Patient/p1']);
});

test.each([429, 503])('a Bundle answered with %i is sent again', async (status) => {
  reply = (attempt) => (attempt === 1 ? { status, headers: { 'retry-after': '0' } } : undefined);
  expect(await feed({ fhirUrl, resources: patients(3) })).toMatchObject({ created: 3 });
  expect(bundles).toHaveLength(2);
});

test.each([
  ['HTML with 502', { status: 502, body: '<html>' }, 502],
  ['HTML with 200', { body: '<html>' }, 0],
  ['a Bundle without entries', { body: '{"resourceType":"Bundle","entry":[]}' }, 0],
  ['an outcome', { status: 400, body: '{"resourceType":"OperationOutcome"}' }, 400],
])('%s fails every entry of that Bundle', async (_, whole, status) => {
  reply = () => whole;
  const { failures, created } = await feed({ fhirUrl, resources: patients(2) });
  expect(created).toBe(0);
  expect(failures).toEqual(patients(2).map(({ id }) => ({ reference: `Patient/${id}`, status })));
});

test('a torn connection is tried again', async () => {
  tear = (attempt) => attempt === 1;
  expect(await feed({ fhirUrl, resources: patients(3) })).toMatchObject({ created: 3 });
  expect(bundles).toHaveLength(2);
});

test('a service that is not there is named', async () => {
  await expect(feed({ fhirUrl: 'http://127.0.0.1:9', resources: patients(1) })).rejects.toThrow(
    'http://127.0.0.1:9',
  );
});

test('an error of the source ends the feed with that error', async () => {
  async function* source(): AsyncGenerator<FhirResource> {
    yield* patients(3);
    throw new RangeError('line 4');
  }
  await expect(feed({ fhirUrl, resources: source(), batchSize: 2 })).rejects.toThrow('line 4');
});
