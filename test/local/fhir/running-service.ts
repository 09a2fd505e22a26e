import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach } from 'vitest';
import { type FhirOptions, startFhir } from '../../../local/fhir/index.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Body;
}

/** The elements of answers that these tests look at. */
export interface Body {
  readonly resourceType?: string;
  readonly id?: string;
  readonly meta?: { versionId: string; lastUpdated: string; tag?: { code: string }[] };
  readonly total?: number;
  readonly type?: string;
  readonly link?: { relation: string; url: string }[];
  readonly issue?: { severity: string; code: string; diagnostics: string }[];
  readonly entry?: Entry[];
  readonly [key: string]: unknown;
}

export interface Entry {
  readonly fullUrl?: string;
  readonly resource?: Body;
  readonly search?: { mode: string };
  readonly request?: { method: string; url: string };
  readonly response?: {
    status: string;
    etag?: string;
    location?: string;
    lastModified?: string;
    outcome?: Body;
  };
}

export interface Door {
  readonly url: string;
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  close(): Promise<void>;
}

const open: (() => Promise<void>)[] = [];
const folders: string[] = [];

afterEach(async () => {
  for (const close of open.splice(0)) await close();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A data folder that goes once the services of the test are closed. */
export function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fhir-data-'));
  folders.push(folder);
  return folder;
}

/** A service in memory, or in a folder, that ends with the test. */
export async function serve(options: Partial<FhirOptions> = {}): Promise<Door> {
  const { url, close } = await startFhir({ port: 0, ...options });
  let closed = false;
  const closeOnce = async () => {
    if (!closed) await close();
    closed = true;
  };
  open.push(closeOnce);
  return {
    url,
    close: closeOnce,
    async call(method, path, body, headers = {}) {
      const response = await fetch(url + path, {
        method,
        headers: { 'content-type': 'application/fhir+json', ...headers },
        ...(body === undefined
          ? {}
          : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return {
        status: response.status,
        headers: response.headers,
        text,
        json: text === '' ? {} : JSON.parse(text),
      };
    },
  };
}
