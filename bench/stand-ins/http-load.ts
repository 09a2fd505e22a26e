import { Agent, request } from 'node:http';
import { BenchError } from '../bench-error.ts';
import { inParallel } from '../in-parallel.ts';

export interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

const connections = 8;
const agent = new Agent({ keepAlive: true, maxSockets: connections });

/** Sends one call and gives the body. Throws BenchError for any status but 2xx. */
export function send({ method, url, headers = {}, body }: Call): Promise<string> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) };
    const sent = request(url, { method, agent, headers: { ...headers, ...length } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        const status = response.statusCode ?? 0;
        if (status >= 200 && status < 300) resolve(text);
        else reject(new BenchError(`${method} ${url} was answered with ${status}`));
      });
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** Calls per second of `calls`, eight connections at once, after a tenth of them to warm up. */
export async function callsPerSecond(calls: readonly Call[]): Promise<number> {
  const warm = Math.ceil(calls.length / 10);
  await inParallel(calls.slice(0, warm), connections, send);
  const began = performance.now();
  await inParallel(calls.slice(warm), connections, send);
  return ((calls.length - warm) * 1_000) / (performance.now() - began);
}

export interface Latency {
  /** Milliseconds. */
  readonly p50: number;
  readonly p99: number;
}

/** Times of calls sent one after another. */
export async function latencyOf(calls: readonly Call[]): Promise<Latency> {
  const times: number[] = [];
  for (const call of calls) {
    const began = performance.now();
    await send(call);
    times.push(performance.now() - began);
  }
  times.sort((left, right) => left - right);
  const at = (part: number) => times[Math.min(times.length - 1, Math.floor(times.length * part))];
  return { p50: at(0.5) ?? Number.NaN, p99: at(0.99) ?? Number.NaN };
}

export function closeConnections(): void {
  agent.destroy();
}
