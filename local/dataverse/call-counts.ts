import type { ApiRequest } from './api-message.ts';

const messageNames = /Microsoft\.Dynamics\.CRM\.(Create|Update|Upsert)Multiple/;

function kindOf({ method, path }: ApiRequest): string {
  if (path.startsWith('$batch')) {
    return 'batch';
  }
  if (/^(EntityDefinitions|\$metadata|WhoAmI|$)/.test(path)) {
    return 'metadata';
  }
  if (messageNames.test(path)) {
    return 'bulk';
  }
  if (method === 'GET') {
    return path.includes('(') ? 'read' : 'query';
  }
  return { POST: 'create', PATCH: 'upsert', PUT: 'upsert', DELETE: 'delete' }[method] ?? 'other';
}

/** The product token of a User-Agent header: the part before `/`. */
export function agentProduct(userAgent: string | undefined): string {
  return /^[^/\s]+/.exec(userAgent ?? '')?.[0] ?? 'unknown';
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

/** Calls of the Web API by user agent product and by kind; a batch counts once. */
export class CallCounts {
  readonly #byAgent = new Map<string, number>();
  readonly #byKind = new Map<string, Map<string, number>>();

  add(agent: string, request: ApiRequest): void {
    increment(this.#byAgent, agent);
    const kinds = this.#byKind.get(agent) ?? new Map<string, number>();
    increment(kinds, kindOf(request));
    this.#byKind.set(agent, kinds);
  }

  byAgent(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#byAgent);
  }

  byKind(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    return Object.fromEntries(
      [...this.#byKind].map(([agent, kinds]) => [agent, Object.fromEntries(kinds)]),
    );
  }
}
