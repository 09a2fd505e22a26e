import type { DatabaseSync } from 'node:sqlite';
import { resourceTypes, typeNumber } from '../definitions.ts';
import { type JsonObject, parseStored, textAt } from '../json.ts';
import type { SearchParameter, SearchParameters } from '../search/parameters.ts';
import { afterAllRows } from '../store/clock.ts';
import type { IndexTables } from '../store/index-tables.ts';
import {
  type CustomParameter,
  checkDefinition,
  compileDefinition,
  compileStored,
} from './definition-check.ts';
import { createStatusTable, type KeptStatus, type ParameterStatus } from './status-table.ts';

export interface RegistryParts {
  readonly database: DatabaseSync;
  readonly index: IndexTables;
  /** The parameters of R4, which every service starts with. */
  readonly builtIn: SearchParameters;
}

/**
 * Which search parameters there are and which can be searched by. A new one is
 * `Supported`: every later write and import is indexed by it, but only a reindex
 * makes it `Enabled` (facts, migration 2.4).
 */
export function createParameterRegistry({ database, index, builtIn }: RegistryParts) {
  const table = createStatusTable(database);
  const stored = database.prepare(
    'SELECT body FROM resource INDEXED BY resource_live WHERE type = ? AND live = 1',
  );
  const latest = database.prepare('SELECT max(seq) AS seq FROM resource');
  const searchable = new Map<string, ReadonlyMap<string, SearchParameter>>(
    resourceTypes.map((type) => [type, new Map()]),
  );
  const builtInUrls = new Set(
    [...builtIn.values()].flatMap((ofType) => [...ofType.values()].map((one) => one.definition)),
  );
  /** Changes that the running request made; they take effect once it is committed. */
  const changed = new Map<string, ParameterStatus>();
  let statuses: ReadonlyMap<string, KeptStatus> = new Map();
  let custom: readonly CustomParameter[] = [];

  const statusOf = (url: string): ParameterStatus =>
    statuses.get(url)?.status ?? (builtInUrls.has(url) ? 'Enabled' : 'Supported');

  function reload(): void {
    statuses = table.all();
    custom = customParameters(stored.all(typeNumber('SearchParameter')), builtIn);
    const isEnabled = ({ definition }: SearchParameter) => statusOf(definition) === 'Enabled';
    const added = custom.flatMap(({ parameters }) => parameters);
    for (const [type, ofType] of builtIn) {
      const ofCustom = added.filter((parameter) => parameter.type === type);
      searchable.set(type, enabledOf(ofType, ofCustom, isEnabled));
    }
    index.useCustom(added);
  }

  function keep(url: string, status: ParameterStatus): void {
    const next = BigInt(String(latest.get()?.['seq'] ?? 0)) + 1n;
    const knownFrom = status === 'Supported' ? next : (statuses.get(url)?.knownFrom ?? next);
    table.set(url, { status, knownFrom });
  }

  function note(resource: JsonObject, status: ParameterStatus): void {
    const url =
      resource['resourceType'] === 'SearchParameter' ? textAt(resource, 'url') : undefined;
    if (url !== undefined && !builtInUrls.has(url)) changed.set(url, status);
  }

  reload();
  return {
    /** The parameters that searches can use, always as they are now. */
    searchable: searchable satisfies SearchParameters,
    statusOf,
    custom: (): readonly CustomParameter[] => custom,
    builtIn,
    /** First row that the parameter's own indexing covers. */
    knownFrom: (url: string): bigint => statuses.get(url)?.knownFrom ?? afterAllRows,
    /** Throws 400 for a SearchParameter that cannot be created or changed so. */
    check: (resource: JsonObject, method: 'POST' | 'PUT'): void =>
      checkDefinition(compileDefinition(resource), { method, builtIn, builtInUrls, custom }),
    /** To be called after a resource was written; only SearchParameters matter. */
    noteWritten: (resource: JsonObject): void => note(resource, 'Supported'),
    /** To be called after a resource was deleted: a parameter's rows go with the next reindex. */
    noteDeleted: (resource: JsonObject): void => note(resource, 'PendingDelete'),
    /** To be called when no transaction is open, after anything that may have written. */
    settle(): void {
      if (changed.size === 0) return;
      for (const [url, status] of changed) keep(url, status);
      changed.clear();
      reload();
    },
    /** Sets the status of a parameter whatever it was. */
    setStatus(url: string, status: ParameterStatus): void {
      keep(url, status);
      reload();
    },
    /** Ends what only waited for a reindex: pending states become final. */
    settlePending(): void {
      for (const [url, { status }] of statuses) {
        if (status === 'PendingDisable') keep(url, 'Disabled');
        if (status === 'Supported' && builtInUrls.has(url)) keep(url, 'Enabled');
        if (status === 'PendingDelete') table.remove(url);
      }
      reload();
    },
  };
}

/** The same map where nothing is special: what is derived of it is shared by services. */
function enabledOf(
  builtIn: ReadonlyMap<string, SearchParameter>,
  custom: readonly SearchParameter[],
  isEnabled: (parameter: SearchParameter) => boolean,
): ReadonlyMap<string, SearchParameter> {
  const parameters = [...builtIn.values()];
  if (custom.length === 0 && parameters.every(isEnabled)) return builtIn;
  return new Map([...parameters, ...custom].filter(isEnabled).map((one) => [one.code, one]));
}

/** What the stored SearchParameter resources add; a code that is built in stays as it is. */
function customParameters(
  rows: readonly Record<string, unknown>[],
  builtIn: SearchParameters,
): readonly CustomParameter[] {
  const isNew = ({ type, code }: SearchParameter) => !(builtIn.get(type)?.has(code) ?? false);
  return rows
    .flatMap((row) => compileStored(parseStored(String(row['body']))) ?? [])
    .map(({ url, parameters }) => ({ url, parameters: parameters.filter(isNew) }))
    .filter(({ parameters }) => parameters.length > 0);
}

export type ParameterRegistry = ReturnType<typeof createParameterRegistry>;
