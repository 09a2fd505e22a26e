import { createHash } from 'node:crypto';
import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { getClient } from 'durable-functions';
import { z } from 'zod';
import type { SyncChangesInput } from '../orchestrations/sync-changes.ts';
import type { Config } from '../shared/config.ts';
import { AppError } from '../shared/errors.ts';
import type { Chapter, Ledger } from '../shared/ledger/index.ts';
import { emptyCounts } from '../shared/outcomes/index.ts';
import { requireRole } from './caller-role.ts';
import { answering } from './problem.ts';
import { startOnce } from './start-once.ts';

export interface DeadLetterDependencies {
  readonly config: Pick<Config, 'authorization' | 'retry'>;
  readonly ledger: Ledger;
}

const mostListed = 1000;

/** `GET /api/operations/dead-letters?cause=`: changes that need a person, with cause and remedy. */
export function createDeadLettersHandler({ config, ledger }: DeadLetterDependencies) {
  return (request: HttpRequest): Promise<HttpResponseInit> =>
    answering(async () => {
      requireRole(request, config.authorization, ['Operator']);
      const cause = request.query.get('cause');
      const letters = await ledger.deadLetters.list({
        limit: mostListed,
        ...(cause === null ? {} : { cause }),
      });
      const causes = Map.groupBy(letters, ({ outcome }) => outcome.problem?.cause ?? 'unknown');
      const byCause = Object.fromEntries([...causes].map(([name, some]) => [name, some.length]));
      return { jsonBody: { byCause, letters } };
    });
}

const redriveSchema = z.strictObject({ cause: z.string().min(1).exactOptional() });

/** `POST /api/operations/dead-letters/redrive` with `{"cause": "…"}` or `{}`: tries them again, at most 100 at a time. */
export function createRedriveHandler({ config, ledger }: DeadLetterDependencies) {
  return (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> =>
    answering(async () => {
      requireRole(request, config.authorization, ['Operator']);
      const { cause } = await readBody(request);
      const letters = await ledger.deadLetters.list({ limit: 100, ...(cause ? { cause } : {}) });
      if (letters.length === 0) return { status: 200, jsonBody: { redriven: 0 } };
      const { instanceId, input } = redriveOf(letters, config.retry);
      const record = {
        ...input.set,
        instanceId,
        closed: false,
        identifiers: 0,
        counts: emptyCounts(),
      };
      await ledger.changeSets.open(record);
      await startOnce(getClient(context), { name: 'syncChanges', instanceId, input });
      return { status: 202, jsonBody: { redriven: letters.length, instanceId } };
    });
}

async function readBody(request: HttpRequest): Promise<z.infer<typeof redriveSchema>> {
  const text = await request.text();
  const parsed = redriveSchema.safeParse(text === '' ? {} : parseJson(text));
  if (parsed.success) return parsed.data;
  throw new AppError('INPUT_INVALID', 'send {} or {"cause": "…"} as JSON');
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The id follows from the letters and when they were written: asking twice redrives once. */
function redriveOf(
  letters: readonly Chapter[],
  retry: Config['retry'],
): { readonly instanceId: string; readonly input: SyncChangesInput } {
  const changes = letters.map(({ outcome }) => ({ ...outcome.change, cause: 'redrive' as const }));
  const identity = letters.map(({ at, outcome }) => `${outcome.change.changeId}@${at}`).sort();
  const digest = createHash('sha256').update(identity.join(' ')).digest('hex').slice(0, 32);
  const set: SyncChangesInput['set'] = {
    cause: 'redrive',
    receivedAt: new Date().toISOString(),
    received: 0,
    echoes: 0,
    quarantined: 0,
    ignored: 0,
    taken: { parked: 0, rejected: changes.length },
  };
  return { instanceId: `redrive-${digest}`, input: { changes, set, retry, redriven: letters } };
}
