import type { DatabaseSync } from 'node:sqlite';

/** As Azure names them (open-source FHIR service, SearchParameterStatus). Only `Enabled` can be searched by. */
export const parameterStatuses = [
  'Enabled',
  'Supported',
  'PendingDisable',
  'Disabled',
  'PendingDelete',
] as const;

export type ParameterStatus = (typeof parameterStatuses)[number];

export interface KeptStatus {
  readonly status: ParameterStatus;
  /** Resources written from this row on are indexed by the parameter; older ones need a reindex. */
  readonly knownFrom: bigint;
}

/** What the service remembers of search parameters, by URL; a built-in one without a row is `Enabled`. */
export function createStatusTable(database: DatabaseSync) {
  database.exec(
    `CREATE TABLE IF NOT EXISTS parameter_status (
      url TEXT PRIMARY KEY, status TEXT NOT NULL, known_from INTEGER NOT NULL) WITHOUT ROWID`,
  );
  const all = database.prepare('SELECT url, status, known_from FROM parameter_status');
  const set = database.prepare('INSERT OR REPLACE INTO parameter_status VALUES (?, ?, ?)');
  const remove = database.prepare('DELETE FROM parameter_status WHERE url = ?');
  return {
    all: (): ReadonlyMap<string, KeptStatus> =>
      new Map(
        all.all().map((row) => [
          String(row['url']),
          {
            status:
              parameterStatuses.find((status) => status === row['status']) ??
              ('Supported' as const),
            knownFrom: BigInt(String(row['known_from'])),
          },
        ]),
      ),
    set: (url: string, { status, knownFrom }: KeptStatus): void => {
      set.run(url, status, knownFrom);
    },
    remove: (url: string): void => {
      remove.run(url);
    },
  };
}

export type StatusTable = ReturnType<typeof createStatusTable>;
