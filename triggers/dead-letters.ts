import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { getClient } from 'durable-functions';
import { z } from 'zod';
import type { Config } from '../shared/config.ts';
import { AppError } from '../shared/errors.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import type { PackSource } from '../shared/mapping/index.ts';
import { emptyCounts } from '../shared/outcomes/index.ts';
import { requireRole } from './caller-role.ts';
import { answering } from './problem.ts';
import { readBody } from './read-body.ts';
import { type Redrive, redriveOf } from './redrive.ts';
import { runningInstances } from './running-instances.ts';
import { startOnce } from './start-once.ts';

export interface DeadLetterDependencies {
  readonly config: Pick<Config, 'authorization' | 'retry'>;
  readonly ledger: Ledger;
}

export interface RedriveDependencies extends DeadLetterDependencies {
  readonly packs: PackSource;
}

const mostListed = 1000;

/** `GET /api/operations/dead-letters?cause=`: changes that need a person, with cause and remedy. */
export function createDeadLettersHandler({ config, ledger }: DeadLetterDependencies) {
  return (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> =>
    answering(context, async () => {
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

/** Dead letters of one redrive; a larger input would no longer fit a message of the durable store. */
const mostRedriven = 50;

const redriveSchema = z.strictObject({ cause: z.string().min(1).max(100).exactOptional() });

/** `POST /api/operations/dead-letters/redrive` with `{"cause": "…"}` or `{}`: tries the oldest 50 of them again. */
export function createRedriveHandler({ config, ledger, packs }: RedriveDependencies) {
  return (request: HttpRequest, context: InvocationContext): Promise<HttpResponseInit> =>
    answering(context, async () => {
      requireRole(request, config.authorization, ['Operator']);
      const { cause } = await readBody(request, redriveSchema, '{} or {"cause": "…"}');
      const all = await ledger.deadLetters.list({
        limit: mostListed,
        ...(cause === undefined ? {} : { cause }),
      });
      // Oldest first: those that fail again are written anew and come last the next time.
      const letters = all
        .toSorted((one, other) => (one.at < other.at ? -1 : 1))
        .slice(0, mostRedriven);
      if (letters.length === 0) return { status: 200, jsonBody: { redriven: 0, left: 0 } };
      const { hash: packHash } = await packs.current({ fresh: true });
      const redrive = redriveOf(letters, { retry: config.retry, packHash });
      await refuseSecond(context, redrive);
      await start(ledger, context, redrive);
      const { instanceId } = redrive;
      const left = all.length - letters.length;
      return { status: 202, jsonBody: { redriven: letters.length, left, instanceId } };
    });
}

/** Two redrives that share letters would take each of them over twice, and counts would not close. */
async function refuseSecond(context: InvocationContext, { instanceId }: Redrive): Promise<void> {
  const running = await runningInstances(context);
  const other = running.find((id) => /^redrive-\w+$/.test(id) && id !== instanceId);
  if (other === undefined) return;
  throw new AppError('CONFLICT', `${other} is still under way. Ask again when it has ended.`);
}

async function start(
  ledger: Ledger,
  context: InvocationContext,
  { instanceId, input }: Redrive,
): Promise<void> {
  const empty = { closed: false, identifiers: 0, counts: emptyCounts() };
  await ledger.changeSets.open({ ...input.set, ...empty, instanceId });
  await startOnce(getClient(context), { name: 'syncChanges', instanceId, input });
}
