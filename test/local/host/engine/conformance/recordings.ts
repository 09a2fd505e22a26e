import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', '..');

/** Recordings of the real extension; they live beside the repository and are not part of it. */
export const recordingsFolder = join(root, '..', 'shared', 'conformance');

export const recordingsPresent = existsSync(join(recordingsFolder, 'README.md'));

export type Json = Readonly<Record<string, unknown>>;

export interface RecordedEvent extends Json {
  readonly EventType: number;
  readonly EventId: number;
}

export interface RecordedEpisode {
  readonly isReplaying: boolean;
  readonly historyReset?: boolean;
  readonly historyLength: number;
  readonly played: string;
  readonly newEvents: readonly RecordedEvent[];
  /** Present on first and reset episodes. */
  readonly input?: unknown;
  readonly parentInstanceId?: string | null;
}

export interface RecordedAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

export interface Recording {
  readonly scenario: string;
  readonly api: readonly {
    readonly request: { readonly method: string; readonly path: string };
    readonly response: RecordedAnswer;
  }[];
  readonly instances: Readonly<Record<string, { readonly episodes: readonly RecordedEpisode[] }>>;
  readonly activities: readonly { readonly name: string; readonly input: string | null }[];
  readonly entities?: readonly { readonly name: string; readonly input: unknown }[];
  readonly final: Readonly<
    Record<string, RecordedAnswer & { readonly withoutHistory?: RecordedAnswer }>
  >;
}

export interface GeneratedRecording {
  readonly seed: number;
  readonly plan: unknown;
  readonly status: string;
  readonly output: unknown;
  readonly customStatus: unknown;
  readonly instances: Readonly<Record<string, readonly { readonly history: readonly string[] }[]>>;
}

export function scenarioNames(): readonly string[] {
  return readdirSync(recordingsFolder)
    .filter((name) => name.endsWith('.json') && name !== 'sdk-client.json')
    .map((name) => name.slice(0, -'.json'.length));
}

/** Every scenario that the driver knows, recorded here or kept back. */
export function allScenarioNames(): readonly string[] {
  return Object.keys(loadScenarios(0, async () => undefined));
}

export interface Scenario {
  readonly run: (driver: unknown) => Promise<void>;
  /** Milliseconds to wait at the end. */
  readonly settle?: number;
}

/** The steps of the scenarios, their source unchanged; their web server is at `port`. */
export function loadScenarios(
  port: number,
  sleep: (ms: number) => Promise<void>,
): Readonly<Record<string, Scenario>> {
  const source = readFileSync(join(recordingsFolder, 'scenarios.mjs'), 'utf8')
    .replace(/^import .*$/m, '')
    .replace('export const S', 'const S');
  return new Function('sleep', 'PORT', `${source}; return S;`)(sleep, port - 2);
}

export function recording(name: string): Recording {
  return JSON.parse(readFileSync(join(recordingsFolder, `${name}.json`), 'utf8'));
}

export function generatedRecordings(): readonly GeneratedRecording[] {
  return readFileSync(join(recordingsFolder, 'generated.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}
