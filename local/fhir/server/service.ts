import type { Service } from '../interaction.ts';
import { createMatcher } from '../search/match-query.ts';
import { searchParameters } from '../search/parameters.ts';
import { createNumbering, openDatabase } from '../store/database.ts';
import { createHistory } from '../store/history.ts';
import { createIndexTables } from '../store/index-tables.ts';
import { createOutbox } from '../store/outbox.ts';
import { createRepository } from '../store/repository.ts';
import { checkStructure } from '../validation/check-structure.ts';
import { defaultAccount, defaultBundleEntries, type FhirOptions } from './options.ts';

/** Opens the database and wires the parts that need no HTTP. */
export function openService(options: FhirOptions) {
  const database = openDatabase(options.dataFolder);
  const parameters = searchParameters();
  const outbox = createOutbox(database);
  const agents = createNumbering(database, 'agent');
  const parameterNumbers = createNumbering(database, 'parameter');
  database.exec('BEGIN');
  const index = createIndexTables(database, parameters, parameterNumbers);
  database.exec('COMMIT');
  const account = options.account ?? defaultAccount;
  const events = options.eventsUrl === undefined ? undefined : { outbox, account };
  const service: Service = {
    repository: createRepository({ database, index, events }),
    matcher: createMatcher(database, index.flush),
    history: createHistory(database),
    parameters,
    parameterNumbers,
    checkResource: (options.validateWrites ?? true) ? checkStructure : () => [],
    maximumBundleEntries: options.maximumBundleEntries ?? defaultBundleEntries,
    startedAt: new Date().toISOString(),
  };
  return { service, database, outbox, agents };
}
