import type { HttpRequest, HttpResponseInit } from '@azure/functions';
import { z } from 'zod';
import { isReplayable } from '../../activities/migration/index.ts';
import { AppError } from '../../shared/errors.ts';
import {
  isAtRest,
  type MigrationStore,
  type OrdersRecord,
  requireTransition,
} from '../../shared/migration/index.ts';
import { readBody } from '../read-body.ts';
import type { Starter } from '../start-once.ts';
import { findMigration } from './find-migration.ts';
import { wake } from './start-migration.ts';

const body = z.strictObject({ cause: z.string().min(1).max(64).optional() });

/**
 * Orders that quarantined lines are tried once more, all or those of one cause. Possible at any
 * time, also when the migration has ended: it goes on, and a new proof and certificate follow.
 * @throws AppError NOT_FOUND, INPUT_INVALID, CONFLICT when nothing can be tried again
 */
export async function replayQuarantine(
  request: HttpRequest,
  { store, client }: { readonly store: MigrationStore; readonly client: Starter },
): Promise<HttpResponseInit> {
  const { run, orders } = await findMigration(store, request);
  const { cause = null } = await readBody(
    request,
    body,
    '{"cause": "…"} or nothing for all causes',
  );
  const lines = await countReplayable(store, run.id, cause);
  if (lines === 0) {
    throw new AppError(
      'CONFLICT',
      'nothing in quarantine can be tried again as it is. GET …/quarantine says what to do about each cause.',
    );
  }
  const at = new Date().toISOString();
  const next: OrdersRecord = {
    ...orders,
    ...{ pause: false, stop: false, replay: { at, cause } },
    orderedAt: at,
  };
  await store.orders.put('runs', run.id, next);
  if (isAtRest(run.state)) {
    const state = requireTransition(run.state, 'reopened');
    await store.runs.put('runs', run.id, { ...run, state, reason: null, changedAt: at });
  }
  await wake(client, run.id);
  return { status: 202, jsonBody: { id: run.id, lines, cause } };
}

async function countReplayable(
  store: MigrationStore,
  migrationId: string,
  cause: string | null,
): Promise<number> {
  let lines = 0;
  for await (const record of store.quarantine.each(migrationId)) {
    if (isReplayable(record, cause)) lines += 1;
  }
  return lines;
}
