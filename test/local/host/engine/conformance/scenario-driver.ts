import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { DurableWorker } from '../../../../../local/host/engine/index.ts';
import {
  startTestEngine,
  type TestEngine,
  VirtualClock,
} from '../../../../../local/host/testing/index.ts';
import { recordedApp } from './recorded-app.ts';
import { loadScenarios } from './recordings.ts';

/** One payload that the worker was called with. */
export interface SeenEpisode {
  readonly isReplaying: boolean;
  readonly input: unknown;
  readonly parentInstanceId: string | null;
  readonly history: readonly {
    readonly EventType: number;
    readonly EventId: number;
    readonly IsPlayed: boolean;
  }[];
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface ScenarioRun {
  readonly answers: readonly Answer[];
  readonly episodes: ReadonlyMap<string, readonly SeenEpisode[]>;
  readonly activities: readonly { readonly name: string; readonly input: string | null }[];
  readonly entities: readonly { readonly name: string; readonly input: unknown }[];
  /** All of a status, or what `query` asks for. */
  status(id: string, query?: Readonly<Record<string, string>>): Promise<Answer>;
  readonly close: () => Promise<void>;
}

interface CallOptions {
  query?: Record<string, string>;
  body?: unknown;
  raw?: string;
  headers?: Record<string, string>;
  record?: boolean;
}

const ended = ['Completed', 'Failed', 'Terminated'];
const spanMs = (text: string): number => {
  const [, days, h, m, s] = /^(?:(\d+)\.)?(\d+):(\d+):([\d.]+)$/.exec(text) ?? [];
  return ((Number(days ?? 0) * 24 + Number(h)) * 60 + Number(m)) * 60_000 + Number(s) * 1000;
};

/** The web server that the callHttp scenarios talk to. */
async function webServer() {
  const polls = new Map<string, number>();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://x');
    const json = (status: number, body: unknown, headers = {}) =>
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(body));
    if (url.pathname === '/json') return json(200, { hello: 'world' });
    if (url.pathname === '/slow' || url.pathname === '/poll') {
      const key = url.search;
      const n = (polls.get(key) ?? 0) + 1;
      polls.set(key, n);
      if (n <= 2) {
        const location = `http://${request.headers.host}/poll${url.search}`;
        return json(202, { n }, { location, 'retry-after': '1' });
      }
      return json(200, { n, method: request.method });
    }
    if (url.pathname !== '/echo') return json(404, { error: 'missing' });
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () =>
      json(200, {
        method: request.method,
        body,
        x: request.headers['x-test'],
        contentType: request.headers['content-type'],
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { port, close: () => new Promise<void>((resolve) => void server.close(() => resolve())) };
}

interface Driver extends Readonly<Record<string, unknown>> {
  last: string;
  readonly ids: Set<string>;
}

/** Drives one recorded scenario against this engine, all waiting on a virtual clock. */
export async function runScenario(name: string): Promise<ScenarioRun> {
  const clock = new VirtualClock(new Date());
  const episodes = new Map<string, SeenEpisode[]>();
  const activities: { name: string; input: string | null }[] = [];
  const entities: { name: string; input: unknown }[] = [];
  const watch = (inner: DurableWorker): DurableWorker => ({
    find: (kind, fn) => inner.find(kind, fn),
    names: (kind) => inner.names(kind),
    invokeActivity(fn, input, id) {
      activities.push({ name: fn, input });
      return inner.invokeActivity(fn, input, id);
    },
    invokeEntity(fn, payload) {
      entities.push({ name: fn, input: structuredClone(payload) });
      return inner.invokeEntity(fn, payload);
    },
    invokeOrchestrator(fn, payload, inspect) {
      const seen = structuredClone(payload) as SeenEpisode & { instanceId: string };
      episodes.set(seen.instanceId, [...(episodes.get(seen.instanceId) ?? []), seen]);
      return inner.invokeOrchestrator(fn, payload, inspect);
    },
  });
  const timerLimits = { longestMs: 6 * 86_400_000, hopMs: 3 * 86_400_000 };
  const test: TestEngine = await startTestEngine({
    handlers: recordedApp(clock),
    clock,
    wrapWorker: watch,
    hubName: 'OracleHub',
    systemKey: 'testkey',
    timerLimits,
  });
  const web = await webServer();
  const answers: Answer[] = [];

  const until = async (deadline: number, done: () => Promise<boolean> = async () => false) => {
    for (;;) {
      await test.settle();
      if (await done()) return;
      if (clock.next === undefined || clock.next > deadline) return clock.jump(deadline);
      clock.advance();
    }
  };
  const sleep = (ms: number) => until(clock.now() + ms);
  const request = async (method: string, path: string, o: CallOptions = {}) => {
    const query = new URLSearchParams({ ...o.query, code: 'testkey' }).toString();
    const text = o.raw ?? (o.body === undefined ? undefined : JSON.stringify(o.body));
    const answer = test.engine.handleManagement(
      new Request(`http://127.0.0.1${path}?${query}`, {
        method,
        headers: {
          'content-type': 'application/json',
          ...o.headers,
        },
        ...(text === undefined ? {} : { body: text }),
      }),
    );
    const response = o.query?.['timeout'] === undefined ? await answer : await drive(answer);
    const body = await response.text();
    const seen = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: body === '' ? undefined : JSON.parse(body),
    };
    if (o.record !== false) answers.push(seen);
    return seen;
  };
  const drive = async (answer: Promise<Response>) => {
    let settled = false;
    void answer.finally(() => (settled = true));
    while (!settled) {
      await test.run();
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return answer;
  };
  const at = (id: string) => `/instances/${encodeURIComponent(id)}`;
  const statusOf = async (id: string) =>
    (await request('GET', at(id), { record: false })).body?.runtimeStatus;
  let batching = false;
  const held: (() => Promise<unknown>)[] = [];
  const flush = async () => {
    await Promise.all(held.splice(0).map((send) => send()));
    await test.settle();
  };

  const c: Driver = {
    last: name,
    ids: new Set<string>([name]),
    note: () => undefined,
    batch: async (ms: number) => {
      batching = ms > 50;
      await flush();
    },
    timers: async (longest: string, hop: string) => {
      Object.assign(timerLimits, { longestMs: spanMs(longest), hopMs: spanMs(hop) });
    },
    start: async (fn: string, input?: unknown, id: string | null = name, o: CallOptions = {}) => {
      const path = `/orchestrators/${fn}${id === null ? '' : `/${encodeURIComponent(id)}`}`;
      const answer = await request('POST', path, { body: input, ...o });
      c.last = id ?? answer.body?.id;
      c.ids.add(c.last);
      return answer;
    },
    wait: async (id = c.last, ms = 8000, statuses = ended) => {
      await flush();
      await until(clock.now() + ms, async () => statuses.includes(await statusOf(id)));
    },
    waitEpisodes: () => test.settle(),
    event: async (id: string, event: string, data: unknown) => {
      const send = () => request('POST', `${at(id)}/raiseEvent/${event}`, { body: data });
      if (batching) return void held.push(send);
      await send();
      await test.settle();
    },
    post: async (id: string, verb: string, reason?: string) => {
      await request('POST', `${at(id)}/${verb}`, reason === undefined ? {} : { query: { reason } });
    },
    call: request,
    status: async (id: string, query: Record<string, string> = {}, record = false) => {
      await test.settle();
      return request('GET', at(id), { query, record });
    },
  };
  const scenario = loadScenarios(web.port, (ms) => (batching ? Promise.resolve() : sleep(ms)))[
    name
  ];
  if (scenario === undefined) throw new Error(`no scenario ${name}`);
  await scenario.run(c);
  await sleep(scenario.settle ?? 100);
  return {
    answers,
    episodes,
    activities,
    entities,
    status: (id, query = { showHistory: 'true', showHistoryOutput: 'true', showInput: 'true' }) =>
      request('GET', at(id), { query, record: false }),
    close: async () => {
      // Activities that are still asleep would hold the engine's stop back.
      while (clock.sleepers > 0 && clock.advance()) await test.settle();
      await test.engine.stop();
      await web.close();
    },
  };
}
