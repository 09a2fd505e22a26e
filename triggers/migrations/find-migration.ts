import type { HttpRequest } from '@azure/functions';
import { AppError } from '../../shared/errors.ts';
import type { MigrationStore, OrdersRecord, RunRecord } from '../../shared/migration/index.ts';

export interface FoundMigration {
  readonly run: RunRecord;
  readonly orders: OrdersRecord;
}

/** The migration that the route names. @throws AppError NOT_FOUND */
export async function findMigration(
  store: MigrationStore,
  request: Pick<HttpRequest, 'params'>,
): Promise<FoundMigration> {
  const id = request.params['id'] ?? '';
  const run = /^\w{1,40}$/.test(id) ? await store.runs.get('runs', id) : undefined;
  const orders = run === undefined ? undefined : await store.orders.get('runs', id);
  if (run === undefined || orders === undefined) {
    throw new AppError(
      'NOT_FOUND',
      'there is no migration of this id; GET /api/migrations lists them',
    );
  }
  return { run, orders };
}
