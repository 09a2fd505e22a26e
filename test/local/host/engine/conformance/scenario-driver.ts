import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { DurableWorker } from '../../../../../local/host/engine/index.ts';
import {
  startTestEngine,
  type TestEngine,
  VirtualClock,
} from '../../../../../local/host/testing/index.ts';
import { recordedApp } from './recorded-app.ts';
import { recordingsFolder } from './recordings.ts';

export interface SeenEpisode {
  readonly history: readonly {
    readonly EventType: number;
    readonly EventId: number;
    readonly IsPlayed: boolean;
  }[];
}

export interface ScenarioRun {
  readonly apiStatuses: readonly number[];
  readonly episodes: ReadonlyMap<string, readonly SeenEpisode[]>;
  readonly activities: readonly { readonly name: string; readonly input: string | null }[];
  status(id: string): Promise<{ readonly status: number; readonly body: Record<string, unknown> }>;
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
    if (url.pathname === '/slow') {
      const key = url.search;
      const n = (polls.get(key) ?? 0) + 1;
      polls.set(key, n);
      if (n <= 2)
        return json(202, { n }, { location: url.pathname + url.search, 'retry-after': '1' });
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

type Scenario = { run: (c: unknown) => Promise<void>; settle?: number };

function loadScenarios(
  port: number,
  sleep: (ms: number) => Promise<void>,
): Record<string, Scenario> {
  const source = readFileSync(join(recordingsFolder, 'scenarios.mjs'), 'utf8')
    .replace(/^import .*$/m, '')
    .replace('export const S', 'const S');
  return new Function('sleep', 'PORT', `${source}; return S;`)(sleep, port - 2);
}

/** Drives one recorded scenario against this engine, all waiting on a virtual clock. */
export async function runScenario(name: string): Promise<ScenarioRun> {
  const clock = new VirtualClock(new Date());
  const episodes = new Map<string, SeenEpisode[]>();
  const activities: { name: string; input: string | null }[] = [];
  const watch = (inner: DurableWorker): DurableWorker => ({
    find: (kind, fn) => inner.find(kind, fn),
    invokeActivity(fn, input, id) {
      activities.push({ name: fn, input });
      return inner.invokeActivity(fn, input, id);
    },
    invokeEntity: (fn, payload) => inner.invokeEntity(fn, payload),
    invokeOrchestrator(fn, payload, inspect) {
      const { instanceId, history } = structuredClone(payload) as SeenEpisode & {
        instanceId: string;
      };
      episodes.set(instanceId, [...(episodes.get(instanceId) ?? []), { history }]);
      return inner.invokeOrchestrator(fn, payload, inspect);
    },
  });
  const timerLimits = { longestMs: 6 * 86_400_000, hopMs: 3 * 86_400_000 };
  const test: TestEngine = await startTestEngine({
    handlers: recordedApp(clock),
    clock,
    wrapWorker: watch,
    timerLimits,
  });
  const web = await webServer();
  const apiStatuses: number[] = [];

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
    const query = new URLSearchParams(o.query).toString();
    const text = o.raw ?? (o.body === undefined ? undefined : JSON.stringify(o.body));
    const answer = test.engine.handleManagement(
      new Request(`http://127.0.0.1${path}?${query}`, {
        method,
        headers: { 'content-type': 'application/json', ...o.headers },
        ...(text === undefined ? {} : { body: text }),
      }),
    );
    const response = o.query?.['timeout'] === undefined ? await answer : await drive(answer);
    if (o.record !== false) apiStatuses.push(response.status);
    const body = await response.text();
    return {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: body === '' ? undefined : JSON.parse(body),
    };
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
    apiStatuses,
    episodes,
    activities,
    status: (id) =>
      request('GET', at(id), {
        query: { showHistory: 'true', showHistoryOutput: 'true', showInput: 'true' },
        record: false,
      }),
    close: async () => {
      await test.engine.stop();
      await web.close();
    },
  };
}
