import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', '..', '..');

/** Recordings of the real extension; they live beside the repository and are not part of it. */
export const recordingsFolder = join(root, '..', 'shared', 'conformance');

export const recordingsPresent = existsSync(join(recordingsFolder, 'README.md'));

export interface RecordedEvent {
  readonly EventType: number;
  readonly EventId: number;
}

export interface RecordedEpisode {
  readonly historyReset?: boolean;
  readonly played: string;
  readonly newEvents: readonly RecordedEvent[];
}

export interface Recording {
  readonly scenario: string;
  readonly api: readonly {
    readonly request: { readonly method: string; readonly path: string };
    readonly response: { readonly status: number };
  }[];
  readonly instances: Readonly<Record<string, { readonly episodes: readonly RecordedEpisode[] }>>;
  readonly activities: readonly { readonly name: string; readonly input: string | null }[];
  readonly final: Readonly<
    Record<
      string,
      {
        readonly status: number;
        readonly body: Readonly<Record<string, unknown>>;
        readonly withoutHistory?: { readonly body: Readonly<Record<string, unknown>> };
      }
    >
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

export function recording(name: string): Recording {
  return JSON.parse(readFileSync(join(recordingsFolder, `${name}.json`), 'utf8'));
}

export function generatedRecordings(): readonly GeneratedRecording[] {
  return readFileSync(join(recordingsFolder, 'generated.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

/** Replaces what differs from run to run: GUIDs, stacks, the name of the host's exception type. */
export function normalise(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(normalise);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, normalise(inner)]));
  }
  if (typeof value !== 'string') return value;
  return value
    .replace(
      /guid-\d+n?|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|\b[0-9a-f]{32}\b/g,
      '<guid>',
    )
    .replace(
      /Microsoft\.Azure\.WebJobs\.Script\.Workers\.Rpc\.RpcException, Microsoft\.Azure\.WebJobs\.Script/g,
      '<RpcException type>',
    )
    .replace(/<http>|http:\/\/<host>|http:\/\/127\.0\.0\.1:\d+/g, '<web>')
    .replace(/Connection refused \([^)]*\)/g, 'Connection refused')
    .replace(/(HttpRequestException)[\s\S]*$/, '$1')
    .replace(/\?k=\d+/, '?k=0')
    .replace(/Additional info: [\s\S]*$/, 'Additional info')
    .replace(/(\\*n|\n)\s+at [\s\S]*$/, '$1<frames>')
    .replace(/(Stack: Error): (\\*n)/g, '$1$2')
    .replace(/<frames>[\s\S]*$/, '<frames>')
    .replace(/StackTrace: [\s\S]*$/, 'StackTrace: <stack>');
}
