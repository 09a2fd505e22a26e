import { bulkDeleteKind } from '../bulk-delete/index.ts';
import { resourceTypes } from '../definitions.ts';
import { createVersionPages, exportKind } from '../export/index.ts';
import { importKind } from '../import/index.ts';
import type { Service } from '../interaction.ts';
import { createBulkFaults, createJobs } from '../jobs/index.ts';
import { openStorage } from '../jobs/storage-account.ts';
import { createParameterRegistry, reindexKind } from '../reindex/index.ts';
import { createMatcher } from '../search/match-query.ts';
import { searchParameters } from '../search/parameters.ts';
import { createClock } from '../store/clock.ts';
import { createNumbering, latestRow, openDatabase } from '../store/database.ts';
import { createHistory } from '../store/history.ts';
import { createIndexTables } from '../store/index-tables.ts';
import { createOutbox } from '../store/outbox.ts';
import { createRepository } from '../store/repository.ts';
import { createRowSlots } from '../store/row-slots.ts';
import { createTransactions } from '../store/transactions.ts';
import { createVersionLoader } from '../store/version-loader.ts';
import { createWriteRows } from '../store/write-rows.ts';
import { checkStructure } from '../validation/check-structure.ts';
import { defaultAccount, defaultBundleEntries, type FhirOptions } from './options.ts';
import { createSkewedClock } from './skewed-clock.ts';

/** The queue of bulk jobs is looked at this often on Azure. */
const queueMilliseconds = 60_000;

/** Opens the database and wires the parts that need no HTTP. */
export function openService(
  options: FhirOptions,
  onDefect: (error: unknown) => void,
  wakeEvents: () => void,
) {
  const database = openDatabase(options.dataFolder);
  const builtIn = searchParameters();
  const outbox = createOutbox(database);
  const agents = createNumbering(database, 'agent');
  const parameterNumbers = createNumbering(database, 'parameter');
  database.exec('BEGIN');
  const transactions = createTransactions(database);
  const index = createIndexTables({
    ...{ database, transactions, parameters: builtIn, numbering: parameterNumbers },
  });
  const registry = createParameterRegistry({ database, index, builtIn });
  database.exec('COMMIT');
  index.recover();
  const account = options.account ?? defaultAccount;
  const events = options.eventsUrl === undefined ? undefined : { outbox, account };
  const clock = createSkewedClock();
  if (options.clockOffsetMs !== undefined) clock.set({ skewMs: options.clockOffsetMs });
  const { now } = clock;
  const rows = createClock(latestRow(database), now);
  const slots = createRowSlots(database);
  const bulkFaults = createBulkFaults();
  const lateness = () => bulkFaults.takeOne(undefined, 'late-write')?.lateMs;
  const nextRow = createWriteRows({ clock: rows, slots, lateness, now });
  const timeScale = options.bulkTimeScale ?? 0;
  const service: Service = {
    repository: createRepository({ database, transactions, index, nextRow, events }),
    matcher: createMatcher(database, index.flush),
    history: createHistory(database),
    parameters: registry.searchable,
    parameterNumbers,
    registry,
    wakeEvents,
    checkResource: (options.validateWrites ?? true) ? checkStructure : () => [],
    maximumBundleEntries: options.maximumBundleEntries ?? defaultBundleEntries,
    startedAt: new Date().toISOString(),
    describedTypes: options.describedTypes ?? resourceTypes,
    jobs: createJobs({
      ...{ database, now, faults: bulkFaults, onDefect },
      pickUpDelay: queueMilliseconds * timeScale,
    }),
    bulk: {
      storage: options.storage === undefined ? undefined : openStorage(options.storage),
      timeScale,
      initialImportMode: options.initialImportMode ?? false,
      now,
      faults: bulkFaults,
    },
  };
  const loader = createVersionLoader({
    database,
    index,
    clock: rows,
    slots,
    events: options.importEvents === true ? events : undefined,
  });
  service.jobs.register('export', exportKind(service, createVersionPages(database)));
  service.jobs.register('bulk-delete', bulkDeleteKind(service, database));
  service.jobs.register('reindex', reindexKind(service, { database, index }));
  service.jobs.register('import', importKind(service, loader));
  return { service, database, index, outbox, agents, clock };
}
