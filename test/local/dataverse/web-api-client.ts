import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DataverseOptions, startDataverse } from '../../../local/dataverse/index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Tables that the tests add to the built-in model. */
export const extension = {
  tables: {
    contact: {
      columns: {},
      keys: [{ name: 'contact_fhirid', columns: ['msemr_azurefhirid'] }],
    },
    new_thing: {
      primaryName: 'new_name',
      changeTracking: true,
      columns: {
        new_name: { type: 'string', maxLength: 20 },
        new_note: { type: 'memo', maxLength: 2000 },
        new_parent: { type: 'lookup', targets: ['contact'], navigation: 'new_Parent' },
        new_about: { type: 'lookup', targets: ['account', 'contact'] },
        new_day: { type: 'date' },
        new_at: { type: 'datetime' },
        new_kind: { type: 'choice', options: { 1: 'One', 2: 'Two' } },
        new_flags: { type: 'multichoice', options: { 1: 'One', 2: 'Two', 3: 'Three' } },
        new_done: { type: 'boolean' },
        new_count: { type: 'integer' },
        new_amount: { type: 'decimal' },
      },
      keys: [
        { name: 'new_bycount', columns: ['new_parent', 'new_count'] },
        { name: 'new_byname', columns: ['new_name'] },
      ],
    },
    new_nobulk: { columns: { new_name: { type: 'string' } }, bulkMessages: ['CreateMultiple'] },
  },
};

export interface TestService {
  readonly url: string;
  readonly root: string;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Answer>;
  /** Creates a row and gives its id. */
  create(entitySet: string, body: unknown): Promise<string>;
  control(method: string, path: string, body?: unknown): Promise<Answer>;
  close(): Promise<void>;
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

export async function startService(options: DataverseOptions = {}): Promise<TestService> {
  const folder = mkdtempSync(join(tmpdir(), 'dataverse-model-'));
  const file = join(folder, 'tables.json');
  writeFileSync(file, JSON.stringify(extension));
  const service = await startDataverse({ extensions: [file], keyBuildMs: 0, ...options });
  const root = `${service.url}/api/data/v9.2/`;
  const send = async (url: string, init: RequestInit): Promise<Answer> => {
    const response = await fetch(url, init);
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  };
  const call: TestService['call'] = (method, path, body, headers = {}) =>
    send(root + path, {
      method,
      headers: { 'Content-Type': 'application/json', 'User-Agent': 'suite/1', ...headers },
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  return {
    url: service.url,
    root,
    call,
    create: async (entitySet, body) => {
      const { headers } = await call('POST', entitySet, body);
      return /\(([^)]+)\)$/.exec(headers.get('odata-entityid') ?? '')?.[1] ?? 'not created';
    },
    control: (method, path, body) =>
      send(`${service.url}/_control/${path}`, {
        method,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    close: async () => {
      await service.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

export function filter(text: string): string {
  return `$filter=${encodeURIComponent(text)}`;
}
