import { z } from 'zod';
import { callFailure } from '../fhir/index.ts';
import type { HttpResponse, HttpSend } from '../http/index.ts';
import { parseJson, unreadable } from './answer-text.ts';
import { countInBatches } from './count-types.ts';
import { createIdSets, type IdSets } from './id-sets.ts';
import { createReindex, type Reindex } from './reindex.ts';
import type { TimeRange } from './window.ts';

export interface CountRequest extends Partial<TimeRange> {
  /** All when empty. */
  readonly types: readonly string[];
  /** Versions, deletes included, in place of current resources. */
  readonly history: boolean;
}

/** How a service answers a read of one resource. */
export type Standing =
  | { readonly kind: 'found'; readonly versionId: string; readonly lastUpdated: string }
  /** Deleted; a tombstone is left. */
  | { readonly kind: 'gone' }
  | { readonly kind: 'missing' };

export interface ProbeRequest {
  readonly method: 'GET' | 'POST';
  /** Below the base URL. */
  readonly path: string;
  readonly body?: string;
}

export interface Sample {
  readonly resources: number;
  readonly bytes: number;
}

/**
 * The plain REST side of a service that is moved: what is counted, looked up and deleted beside
 * `$export` and `$import`. Throws AppError FHIR_UNAVAILABLE, FHIR_REFUSED, RESPONSE_UNREADABLE and
 * what `send` throws.
 */
export interface MigrationService extends Reindex, IdSets {
  readonly url: string;
  /** By the service's own clock (the Date header), which is the one that stamps versions; whole seconds. */
  serverTime(): Promise<string>;
  /** The CapabilityStatement as it is. */
  capability(): Promise<unknown>;
  /** The status of a request that has no effect, whatever it is; it finds out what is reachable. */
  probe(request: ProbeRequest): Promise<number>;
  /** A few resources of a type, and how many bytes of JSON they are; no more than it takes to tell sizes. */
  sample(type: string, most: number): Promise<Sample>;
  /** A count that fails is a failure, never 0 (facts/migration.md §1.7, fault 5). */
  count(request: CountRequest): Promise<number>;
  /** The same for many, in few requests; each of one type at most, where history is asked for. */
  countAll(requests: readonly CountRequest[]): Promise<readonly number[]>;
  /** `_lastUpdated` of the first or last version; undefined when there is none. */
  edge(which: 'oldest' | 'newest', history: boolean): Promise<string | undefined>;
  standing(reference: string): Promise<Standing>;
  /** A resource as the service holds it; undefined when it is deleted or was never there. */
  read(path: string): Promise<string | undefined>;
  remove(reference: string, options: { readonly hard: boolean }): Promise<void>;
  /** Every resource of a type, page by page. */
  search(type: string): AsyncIterable<Readonly<Record<string, unknown>>>;
  put(reference: string, json: string): Promise<'created' | 'updated'>;
}

const countAnswer = z.object({ resourceType: z.literal('Bundle'), total: z.int().min(0) });
const page = z.object({
  link: z.array(z.object({ relation: z.string(), url: z.string() })).optional(),
  entry: z
    .array(
      z.object({
        resource: z
          .looseObject({ meta: z.looseObject({ lastUpdated: z.string().optional() }).optional() })
          .optional(),
      }),
    )
    .optional(),
});
const versioned = z.object({
  meta: z.object({ versionId: z.string(), lastUpdated: z.string() }),
});

/** A count that finds nothing: /metadata is a large document. Whatever the answer is, it has a Date. */
const cheapest = 'Basic?_summary=count&_lastUpdated=lt1900-01-01';

export function createMigrationService(url: string, send: HttpSend): MigrationService {
  const call = async (method: string, path: string, body?: string): Promise<HttpResponse> => {
    const target = path.startsWith(`${url}/`) ? path : path === '' ? url : `${url}/${path}`;
    return send({
      method,
      url: target,
      headers: {
        accept: 'application/fhir+json',
        ...(body === undefined ? {} : { 'content-type': 'application/fhir+json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
  };
  const get = async (path: string, what: string) => {
    const answer = await call('GET', path);
    if (answer.status !== 200) throw callFailure(answer.status, what);
    return answer;
  };
  const countAt = async (path: string): Promise<number> => {
    const answer = await get(path, 'counting resources');
    return parsed(countAnswer, answer.text, 'a count that is none').total;
  };
  return {
    url,
    serverTime: async () => {
      const { status, headers } = await call('GET', cheapest);
      const time = Date.parse(headers.get('date') ?? '');
      if (!Number.isNaN(time)) return new Date(time).toISOString();
      if (status >= 400) throw callFailure(status, 'asking for the time');
      throw unreadable('without a Date header');
    },
    capability: async () => parseJson((await get('metadata', 'reading /metadata')).text),
    probe: async ({ method, path, body }) => {
      const headers = { accept: 'application/fhir+json', 'content-type': 'application/fhir+json' };
      const request = { method, url: `${url}/${path}`, headers, anyStatus: true };
      return (await send({ ...request, ...(body === undefined ? {} : { body }) })).status;
    },
    sample: async (type, most) =>
      sampleOf((await get(`${type}?_count=${most}`, `sampling ${type}`)).text),
    count: (request) => sumOf(countable(request), (one) => countAt(countPath(one))),
    countAll: (requests) =>
      countInBatches({
        paths: requests.map(countPath),
        post: (bundle) => call('POST', '', bundle),
        one: countAt,
      }),
    edge: async (which, history) => {
      const sort = which === 'oldest' ? '_lastUpdated' : '-_lastUpdated';
      const path = `${history ? '_history' : ''}?_sort=${sort}&_count=1`;
      const answer = await get(path, 'looking for the oldest resource');
      const { entry = [] } = parsed(page, answer.text, 'no Bundle');
      return entry[0]?.resource?.meta?.lastUpdated;
    },
    standing: async (reference) => standingOf(await call('GET', reference)),
    read: async (path) => {
      const answer = await call('GET', path);
      if (answer.status === 404 || answer.status === 410) return undefined;
      if (answer.status !== 200) throw callFailure(answer.status, 'reading a resource');
      return answer.text;
    },
    remove: async (reference, { hard }) => {
      const answer = await call('DELETE', hard ? `${reference}?_hardDelete=true` : reference);
      if (answer.status >= 300 && answer.status !== 404) {
        throw callFailure(answer.status, 'deleting a resource');
      }
    },
    search: (type) => pages(type, get),
    ...{ ...createReindex(call), ...createIdSets(call) },
    put: async (reference, json) => {
      const answer = await call('PUT', reference, json);
      if (answer.status === 200) return 'updated';
      if (answer.status === 201) return 'created';
      throw callFailure(answer.status, `writing ${reference}`);
    },
  };
}

function sampleOf(text: string): Sample {
  const { entry = [] } = parsed(page, text, 'no Bundle');
  const sizes = entry.flatMap(({ resource }) =>
    resource === undefined ? [] : [Buffer.byteLength(JSON.stringify(resource))],
  );
  return { resources: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

async function* pages(
  type: string,
  get: (path: string, what: string) => Promise<HttpResponse>,
): AsyncGenerator<Readonly<Record<string, unknown>>> {
  let next: string | undefined = `${type}?_count=500`;
  while (next !== undefined) {
    const answer: HttpResponse = await get(next, `searching ${type}`);
    const { entry = [], link = [] } = parsed(page, answer.text, 'no Bundle');
    for (const { resource } of entry) if (resource !== undefined) yield resource;
    next = link.find(({ relation }) => relation === 'next')?.url;
  }
}

/** One after another: a count is costly for a service. */
async function sumOf<Item>(
  items: readonly Item[],
  count: (item: Item) => Promise<number>,
): Promise<number> {
  let sum = 0;
  for (const item of items) sum += await count(item);
  return sum;
}

/** `_history` takes no `_type`: the versions of several types are counted type by type. */
function countable(request: CountRequest): readonly CountRequest[] {
  const { types, history } = request;
  return history && types.length > 1
    ? types.map((type) => ({ ...request, types: [type] }))
    : [request];
}

function countPath({ types, since, till, history }: CountRequest): string {
  const query = new URLSearchParams({ _summary: 'count' });
  if (history && types.length <= 1) {
    if (since !== undefined) query.append('_since', since);
    if (till !== undefined) query.append('_before', till);
    return `${types.length === 1 ? `${types[0]}/` : ''}_history?${query}`;
  }
  const [only = '', ...others] = types;
  if (others.length > 0) query.append('_type', types.join(','));
  if (since !== undefined) query.append('_lastUpdated', `ge${since}`);
  if (till !== undefined) query.append('_lastUpdated', `lt${till}`);
  return others.length > 0 ? `?${query}` : `${only}?${query}`;
}

function standingOf({ status, text }: HttpResponse): Standing {
  if (status === 404) return { kind: 'missing' };
  if (status === 410) return { kind: 'gone' };
  if (status !== 200) throw callFailure(status, 'reading a resource');
  return { kind: 'found', ...parsed(versioned, text, 'a resource without version').meta };
}

function parsed<T>(schema: z.ZodType<T>, text: string, problem: string): T {
  const result = schema.safeParse(parseJson(text));
  if (result.success) return result.data;
  throw unreadable(problem);
}
