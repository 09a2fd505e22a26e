import type { HttpRequest, HttpResponseInit, InvocationContext } from '@azure/functions';
import { getClient } from 'durable-functions';
import { z } from 'zod';
import {
  certificateFile,
  type MigrationDependencies,
  proofContainer,
} from '../../activities/migration/index.ts';
import type { LoadedConfig } from '../../shared/config.ts';
import { AppError } from '../../shared/errors.ts';
import { migrationPlan, planChanges } from '../../shared/migration/index.ts';
import { requireRole } from '../caller-role.ts';
import { answering } from '../problem.ts';
import { readBody } from '../read-body.ts';
import { showCutOverChecklist } from './cut-over-checklist.ts';
import { findMigration } from './find-migration.ts';
import { giveOrder, orderNames } from './migration-orders.ts';
import { assess, readiness } from './readiness.ts';
import { replayQuarantine } from './replay-quarantine.ts';
import { showMigration } from './show-migration.ts';
import { startMigration } from './start-migration.ts';

export interface MigrationHandlerDependencies {
  readonly config: Pick<LoadedConfig, 'authorization' | 'sync'>;
  /** Undefined when no migration is set up. */
  readonly migration: MigrationDependencies | undefined;
}

type Answer = Promise<HttpResponseInit>;
type Handler = (request: HttpRequest, context: InvocationContext) => Answer;

interface Caller extends MigrationDependencies {
  readonly request: HttpRequest;
  readonly context: InvocationContext;
}

/** `/api/migrations`: start, look at, steer and certify the move of a whole FHIR service. */
export function createMigrationHandlers({ config, migration }: MigrationHandlerDependencies) {
  const handling =
    (write: boolean, work: (caller: Caller) => Answer): Handler =>
    (request, context) =>
      answering(context, async () => {
        const roles = write
          ? (['Operator'] as const)
          : (['Operator', 'Config Administrator'] as const);
        requireRole(request, config.authorization, roles);
        if (migration === undefined) throw notSetUp();
        return work({ request, context, ...migration });
      });
  return {
    start: handling(true, start),
    list: handling(false, list),
    show: handling(false, show),
    order: handling(true, order),
    change: handling(true, change),
    windows: handling(false, windows),
    quarantine: handling(false, quarantined),
    replay: handling(true, ({ request, context, store }) =>
      replayQuarantine(request, { store, client: getClient(context) }),
    ),
    repairs: handling(false, repairs),
    certificate: handling(false, certificate),
    assess: handling(true, ({ request, ...deps }) => assess(request, deps)),
    readiness: handling(false, ({ request, ...deps }) => readiness(request, deps)),
    cutOverChecklist: handling(false, ({ request, ...deps }) =>
      showCutOverChecklist(request, { migration: deps, ownFhirUrl: config.sync?.fhir.url }),
    ),
  };
}

const notSetUp = (): AppError =>
  new AppError(
    'NOT_FOUND',
    'no migration is set up: set FDS_MIGRATION_SOURCE_URL, FDS_MIGRATION_TARGET_URL and FDS_MIGRATION_STORAGE',
  );

async function start({ request, context, store }: Caller): Answer {
  const plan = await readBody(request, migrationPlan, 'a plan as docs/migration.md describes it');
  const id = await startMigration(store, getClient(context), plan);
  return { status: 202, headers: { location: `/api/migrations/${id}` }, jsonBody: { id } };
}

async function list({ store }: Caller): Answer {
  const runs = await store.runs.list('runs');
  const migrations = runs.map(({ id, state, reason, startedAt }) => ({
    id,
    state,
    reason,
    startedAt,
  }));
  return { jsonBody: { migrations } };
}

async function show({ request, store }: Caller): Answer {
  return { jsonBody: await showMigration(store, await findMigration(store, request)) };
}

async function order({ request, context, store }: Caller): Answer {
  const found = await findMigration(store, request);
  const name = z.enum(orderNames).safeParse(request.params['order']);
  if (!name.success) {
    throw new AppError('INPUT_INVALID', `give one of the orders ${orderNames.join(', ')}`);
  }
  const orders = await giveOrder(store, getClient(context), { ...found, order: name.data });
  return { status: 202, jsonBody: { id: found.run.id, orders } };
}

async function change({ request, store }: Caller): Answer {
  const { run, orders } = await findMigration(store, request);
  const changes = await readBody(
    request,
    planChanges,
    'settings that may change, as docs/migration.md lists them',
  );
  const defined = Object.fromEntries(
    Object.entries(changes).filter(([, value]) => value !== undefined),
  );
  const plan = { ...orders.plan, ...defined };
  await store.orders.put('runs', run.id, { ...orders, plan });
  return { jsonBody: { id: run.id, plan } };
}

async function windows({ request, store }: Caller): Answer {
  const { run } = await findMigration(store, request);
  return { jsonBody: { windows: await store.windows.list(run.id) } };
}

async function quarantined({ request, store }: Caller): Answer {
  const { run } = await findMigration(store, request);
  return { jsonBody: { quarantine: await store.quarantine.list(run.id, mostListed) } };
}

async function repairs({ request, store }: Caller): Answer {
  const { run } = await findMigration(store, request);
  return { jsonBody: { repairs: await store.repairs.list(run.id, mostListed) } };
}

const mostListed = 1000;

async function certificate({ request, store, blobs }: Caller): Answer {
  const { run } = await findMigration(store, request);
  const url = blobs.urlOf(proofContainer(run.id), certificateFile);
  if ((await blobs.find(url)) === undefined) {
    throw new AppError(
      'NOT_FOUND',
      `migration ${run.id} has no certificate yet: it is ${run.state}`,
    );
  }
  const parts: Buffer[] = [];
  for await (const part of blobs.read(url)) parts.push(part);
  return { headers: { 'content-type': 'application/json' }, body: Buffer.concat(parts) };
}
