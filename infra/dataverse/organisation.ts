import { z } from 'zod';
import { createDataverseClient } from '../../shared/dataverse/index.ts';
import { AppError } from '../../shared/errors.ts';
import { createHttp, type HttpSend } from '../../shared/http/index.ts';
import { createTokenProvider } from '../../shared/identity/index.ts';
import type { Creation, FindTable } from './plan.ts';

export interface OrganisationOptions {
  /** Web API root, `https://…/api/data/v9.2`. */
  readonly url: string;
  /** A bearer token; without one, the managed identity is asked, and nobody for a loopback address. */
  readonly token?: string | undefined;
  /** Unmanaged solution that new components go into. */
  readonly solution?: string | undefined;
}

/** Customizing holds a table for seconds, and a busy organisation answers 429 meanwhile. */
const retry = { attempts: 10, maxWaitSeconds: 300 };
const timeoutMs = 300_000;

function tokenSource({ url, token }: OrganisationOptions): (() => Promise<string>) | undefined {
  if (token !== undefined) {
    return async () => token;
  }
  const { origin, hostname } = new URL(url);
  const isLocal = ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return isLocal
    ? undefined
    : createTokenProvider({ mode: 'managed-identity', scope: `${origin}/.default`, url });
}

const errorSchema = z.object({ error: z.object({ code: z.string() }) });
const keysSchema = z.object({
  value: z.array(
    z.object({
      SchemaName: z.string(),
      KeyAttributes: z.array(z.string()),
      EntityKeyIndexStatus: z.string(),
    }),
  ),
});

export type KeyState = z.infer<typeof keysSchema>['value'][number];

function parsed<T>(schema: z.ZodType<T>, text: string): T | undefined {
  try {
    return schema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** The Web API of one organisation, as far as provisioning needs it. */
export class Organisation {
  readonly #url: string;
  readonly #send: HttpSend;
  readonly #solution: string | undefined;

  /** @throws AppError CONFIG_INVALID for a URL that is none. */
  constructor(options: OrganisationOptions) {
    if (!URL.canParse(options.url)) {
      throw new AppError('CONFIG_INVALID', '--url takes a URL such as https://…/api/data/v9.2');
    }
    this.#url = options.url.replace(/\/$/, '');
    this.#solution = options.solution;
    this.#send = createHttp({
      allowedOrigins: [new URL(options.url).origin],
      userAgent: 'fhir-dataverse-sync-provision/0.1',
      token: tokenSource(options),
      retry,
    });
  }

  /** Looks tables up, each once; ask for a new one after changes. */
  finder(): FindTable {
    const client = createDataverseClient({ url: this.#url, send: this.#send });
    return async (name) => {
      try {
        return await client.table(name);
      } catch (error) {
        if (error instanceof AppError && error.code === 'DATAVERSE_METADATA_MISSING') {
          return undefined;
        }
        throw error;
      }
    };
  }

  /** @throws AppError DATAVERSE_REFUSED with the status and code of the answer. */
  async create(creation: Creation): Promise<void> {
    const { kind, table, name } = creation;
    await this.#post(creation.path, creation.body, `${kind} ${table}.${name}`);
  }

  /** Makes changes of these tables visible to people: the API sees them at once. */
  async publish(tables: readonly string[]): Promise<void> {
    const entities = tables.map((name) => `<entity>${name}</entity>`).join('');
    const ParameterXml = `<importexportxml><entities>${entities}</entities></importexportxml>`;
    await this.#post('PublishXml', { ParameterXml }, 'PublishXml');
  }

  /** The keys of a table and the states of their indexes. */
  async keys(table: string): Promise<readonly KeyState[]> {
    const path = `EntityDefinitions(LogicalName='${table}')/Keys?$select=SchemaName,KeyAttributes,EntityKeyIndexStatus`;
    const answer = await this.#send({ method: 'GET', url: `${this.#url}/${path}`, headers });
    const found = answer.status === 200 ? parsed(keysSchema, answer.text) : undefined;
    if (found === undefined) {
      const details = { table, status: answer.status };
      const message = `the keys of ${table} cannot be read (status ${answer.status})`;
      throw new AppError('DATAVERSE_UNAVAILABLE', message, { details });
    }
    return found.value;
  }

  async #post(path: string, body: object, about: string): Promise<void> {
    const solution = this.#solution;
    const answer = await this.#send({
      method: 'POST',
      url: `${this.#url}/${path}`,
      headers: {
        ...headers,
        'content-type': 'application/json',
        ...(solution === undefined ? {} : { 'MSCRM.SolutionUniqueName': solution }),
      },
      body: JSON.stringify(body),
      timeoutMs,
    });
    if (answer.status >= 300) {
      const code = parsed(errorSchema, answer.text)?.error.code ?? '';
      const message = `Dataverse refuses ${about}: ${answer.status} ${code}. What was made before stays; correct the cause and run it again`;
      throw new AppError('DATAVERSE_REFUSED', message, {
        details: { status: answer.status, code },
      });
    }
  }
}

const headers = { accept: 'application/json', 'odata-version': '4.0', 'odata-maxversion': '4.0' };
