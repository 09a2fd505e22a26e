import { z } from 'zod';
import { RunError } from '../run/run-error.ts';

const ledger = z.object({
  exported: z.number(),
  loaded: z.number(),
  present: z.number(),
  quarantined: z.number(),
});

const shown = z.object({
  id: z.string(),
  state: z.string(),
  reason: z.string().nullable(),
  startedAt: z.string(),
  progress: z.object({
    windows: z.object({ closed: z.number(), open: z.number() }),
    expected: z.number(),
    done: z.number(),
    total: ledger,
    bytes: z.number(),
    perSecond: z.number(),
    secondsLeft: z.number().nullable(),
    lagSeconds: z.number().nullable(),
  }),
  types: z.record(z.string(), ledger),
  quarantine: z.record(z.string(), z.number()),
  deleted: z.number(),
  cleanup: z.object({ state: z.string() }).nullable(),
  proof: z
    .object({
      number: z.number(),
      entries: z.number(),
      differences: z.number(),
      excepted: z.number(),
    })
    .nullable(),
});

/** A migration as `GET /api/migrations/{id}` shows it. */
export type ShownMigration = z.infer<typeof shown>;

const listed = z.object({ migrations: z.array(z.object({ id: z.string(), state: z.string() })) });
const started = z.object({ id: z.string() });

/** For one answer: a host that is lost between two calls may leave a connection without an end. */
const mostMilliseconds = 60_000;

/** The product's own HTTP API, as an operator's program calls it. */
export function createMigrationApi(functionsUrl: () => string) {
  const call = async (path: string, body?: object): Promise<Response> => {
    const response = await fetch(`${functionsUrl()}/api/migrations${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(mostMilliseconds),
    });
    if (response.ok) return response;
    throw new RunError(
      `/api/migrations${path} answered ${response.status}: ${await response.text()}`,
    );
  };
  return {
    start: async (plan: object) => started.parse(await (await call('', plan)).json()).id,
    list: async () => listed.parse(await (await call('')).json()).migrations,
    show: async (id: string) => shown.parse(await (await call(`/${id}`)).json()),
    order: async (id: string, order: string) => void (await call(`/${id}/${order}`, {})),
    certificate: async (id: string) => (await call(`/${id}/certificate`)).text(),
  };
}

export type MigrationApi = ReturnType<typeof createMigrationApi>;
