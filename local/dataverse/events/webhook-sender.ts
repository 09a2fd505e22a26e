import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { Endpoint } from './step.ts';

export type WebhookResult =
  | { readonly kind: 'delivered'; readonly attempts: number }
  | {
      readonly kind: 'failed';
      readonly attempts: number;
      readonly code: string;
      readonly message: string;
    };

export interface WebhookRequest {
  readonly endpoint: Endpoint;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface SenderOptions {
  /** Milliseconds for one attempt; Dataverse gives 60 000. */
  readonly timeoutMs: number;
  /** Milliseconds before the one repetition. */
  readonly retryMs: number;
  /** Origins beside the loopback ones that may be called. */
  readonly origins: readonly string[];
}

/** The contract and authentication types of `serviceendpoint` that mean a webhook. */
export const webhookContract = 8;
export const webhookAuth = { webhookKey: 4, httpHeader: 5, httpQueryString: 6 } as const;

/** Microsoft's error codes of failed webhook calls. */
export const webhookCodes = {
  refused: '0x80050201',
  timedOut: '0x80050202',
  badHeaders: '0x80050203',
  badQuery: '0x80050204',
  notPosted: '0x80050205',
} as const;

/** Facts A10: only these are tried once more. */
const repeatable = new Set([502, 503, 504]);

const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

export function isAllowed(url: string, origins: readonly string[]): boolean {
  if (!URL.canParse(url)) {
    return false;
  }
  const { hostname, origin, protocol } = new URL(url);
  const isHttp = protocol === 'http:' || protocol === 'https:';
  return isHttp && (loopback.test(hostname) || origins.includes(origin));
}

const setting = /<setting\s+name="([^"]*)"\s+value="([^"]*)"\s*\/>/g;

const entities: Readonly<Record<string, string>> = {
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&apos;': "'",
  '&amp;': '&',
};

function plain(text: string): string {
  return text.replaceAll(/&(?:lt|gt|quot|apos|amp);/g, (entity) => entities[entity] ?? entity);
}

/** `<settings><setting name="" value=""/></settings>`, the form of header and query secrets. */
export function readSettings(text: string): ReadonlyMap<string, string> {
  return new Map(
    [...text.matchAll(setting)].map(([, name = '', value = '']) => [plain(name), plain(value)]),
  );
}

function addressOf({ url, authType, authValue }: Endpoint): string {
  const address = new URL(url);
  if (authType === webhookAuth.webhookKey) {
    address.searchParams.set('code', authValue);
  }
  if (authType === webhookAuth.httpQueryString) {
    for (const [name, value] of readSettings(authValue)) {
      address.searchParams.set(name, value);
    }
  }
  return address.href;
}

function headersOf({ endpoint, headers }: WebhookRequest): Record<string, string> {
  const isByHeader = endpoint.authType === webhookAuth.httpHeader;
  const secrets = isByHeader ? Object.fromEntries(readSettings(endpoint.authValue)) : {};
  return { 'content-type': 'application/json', ...headers, ...secrets };
}

const timeoutSchema = z.object({ name: z.literal('TimeoutError') });

/** Posts execution contexts; what it says about a failure never quotes the secret or the body. */
export class WebhookSender {
  readonly #options: SenderOptions;
  readonly #stopped = new AbortController();

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  get origins(): readonly string[] {
    return this.#options.origins;
  }

  stop(): void {
    this.#stopped.abort();
  }

  async send(request: WebhookRequest): Promise<WebhookResult> {
    const first = await this.#attempt(request);
    if (!(typeof first === 'number' && repeatable.has(first))) {
      return judge(first, 1);
    }
    await sleep(this.#options.retryMs, undefined, { signal: this.#stopped.signal });
    return judge(await this.#attempt(request), 2);
  }

  /** The status, or the code of the failure that kept one from coming. */
  async #attempt(request: WebhookRequest): Promise<number | string> {
    if (!isAllowed(request.endpoint.url, this.#options.origins)) {
      return webhookCodes.notPosted;
    }
    try {
      const response = await fetch(addressOf(request.endpoint), {
        method: 'POST',
        headers: headersOf(request),
        body: request.body,
        redirect: 'manual',
        signal: AbortSignal.any([
          this.#stopped.signal,
          AbortSignal.timeout(this.#options.timeoutMs),
        ]),
      });
      await response.body?.cancel();
      return response.status;
    } catch (error) {
      this.#stopped.signal.throwIfAborted();
      return timeoutSchema.safeParse(error).success
        ? webhookCodes.timedOut
        : webhookCodes.notPosted;
    }
  }
}

function judge(outcome: number | string, attempts: number): WebhookResult {
  if (typeof outcome === 'number') {
    const isGood = outcome >= 200 && outcome < 300;
    const message = `The webhook call failed because the http request received non-success httpStatus code. Please check your webhook request handler. (${outcome})`;
    return isGood
      ? { kind: 'delivered', attempts }
      : { kind: 'failed', attempts, code: webhookCodes.refused, message };
  }
  const message =
    outcome === webhookCodes.timedOut
      ? 'The webhook call failed because the Http request timed out at client side. Please check your webhook request handler.'
      : 'The webhook call failed during http post. Please check the exception for more details. (The stand-in calls loopback addresses and the origins given by --webhook-origin.)';
  return { kind: 'failed', attempts, code: outcome, message };
}
