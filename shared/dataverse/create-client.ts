import { AppError } from '../errors.ts';
import { createLoadLimiter, type HttpSend } from '../http/index.ts';
import { batchSender } from './batch-sender.ts';
import type {
  DataverseClient,
  DataverseOperation,
  DataverseResult,
  TableMetadata,
} from './contract.ts';

import { metadataCache } from './metadata-cache.ts';
import { requestsFor } from './operation-request.ts';
import { writeResult } from './operation-result.ts';
import { type QueryAnswer, readQueries } from './query-pages.ts';
import type { TableSource } from './row-body.ts';
import { sendInOrder } from './send-in-order.ts';

export interface DataverseClientOptions {
  /** `https://…/api/data/v9.2` */
  readonly url: string;
  readonly send: HttpSend;
  /** Default 200; the Web API accepts 1000. */
  readonly maxOperationsPerBatch?: number;
  /** Most requests in flight at a time, all callers together; default 16, and 4 to begin with. */
  readonly concurrency?: number;
  /** Marks our writes, so that their echo is recognised in webhooks (facts A10). */
  readonly tag?: string;
}

/**
 * A client of one organisation; concurrency and metadata are shared by all its callers.
 *
 * @throws AppError CONFIG_INVALID when the URL is not absolute.
 */
export function createDataverseClient(options: DataverseClientOptions): DataverseClient {
  const url = options.url.replace(/\/+$/, '');
  const root = rootOf(url);
  const limiter = createLoadLimiter(options.concurrency ?? 16);
  const sender = batchSender({ url, send: options.send, limiter });
  const table = metadataCache(sender, root);
  const batchSize = Math.min(Math.max(options.maxOperationsPerBatch ?? 200, 1), 1000);

  return {
    table,
    async execute(operations) {
      const tables = await tablesOf(operations, table);
      const context = { root, tag: options.tag, tables };
      const planned = operations.flatMap((operation, index) =>
        requestsFor(operation, context).map((request) => ({ operation, index, request })),
      );
      const answered = await sendInOrder(planned, batchSize, sender);
      const results = new Map<number, DataverseResult>();
      const queries: QueryAnswer[] = [];
      for (const { operation, index, response } of answered) {
        if (operation.kind === 'query') {
          const shape = { table: tables(operation.table), select: operation.select, root };
          queries.push({ index, shape, response });
        } else {
          results.set(index, writeResult(operation, response, tables(operation.table)));
        }
      }
      for (const [index, result] of await readQueries(queries, batchSize, sender)) {
        results.set(index, result);
      }
      return operations.flatMap((_, index) => results.get(index) ?? []);
    },
  };
}

function rootOf(url: string): string {
  if (!URL.canParse(url)) {
    throw new AppError(
      'CONFIG_INVALID',
      'the Dataverse URL is not absolute; see FDS_DATAVERSE_URL',
    );
  }
  return new URL(url).pathname;
}

/** Loads every table that the operations name, lookup targets included. */
async function tablesOf(
  operations: readonly DataverseOperation[],
  load: (logicalName: string) => Promise<TableMetadata>,
): Promise<TableSource> {
  const names = new Set<string>();
  for (const operation of operations) {
    names.add(operation.table);
    const values =
      operation.kind === 'create' || operation.kind === 'update'
        ? Object.values(operation.row)
        : [];
    for (const value of values) {
      if (value !== null && typeof value === 'object') {
        names.add(value.lookup.table);
      }
    }
  }
  const loaded = await Promise.all([...names].map(load));
  const byName = new Map(loaded.map((table) => [table.logicalName, table]));
  return (logicalName) => {
    const table = byName.get(logicalName);
    if (table === undefined) {
      throw new AppError('INTERNAL', `the table ${logicalName} was not loaded`);
    }
    return table;
  };
}
