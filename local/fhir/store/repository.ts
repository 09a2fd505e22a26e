import type { DatabaseSync } from 'node:sqlite';
import { typeNumber } from '../definitions.ts';
import { type JsonObject, parseStored } from '../json.ts';
import { fhirEvent } from './fhir-event.ts';
import type { IndexTables } from './index-tables.ts';
import type { Outbox } from './outbox.ts';
import {
  isDeleted,
  type StoredVersion,
  storedVersion,
  versionBody,
  versionColumns,
  type WriteMethod,
} from './stored-version.ts';
import type { Transactions } from './transactions.ts';
import type { WriteRows } from './write-rows.ts';

export interface RepositoryParts {
  readonly database: DatabaseSync;
  readonly transactions: Transactions;
  readonly index: IndexTables;
  /** Chooses the row of each write. */
  readonly nextRow: WriteRows;
  /** Where events go, with the FHIR account they name; undefined when nobody listens. */
  readonly events: { readonly outbox: Outbox; readonly account: string } | undefined;
}

export interface NewVersion {
  readonly type: string;
  readonly id: string;
  readonly resource: JsonObject;
  readonly method: WriteMethod;
  /** Number of the user agent product, for the write log. */
  readonly agent: number;
}

/** Versions of resources over SQLite. All calls are synchronous; `transaction` makes several atomic. */
export function createRepository(parts: RepositoryParts) {
  const statements = prepare(parts.database);
  const transaction = parts.transactions.run;

  function current(type: string, id: string): StoredVersion | undefined {
    const row = statements.current.get(typeNumber(type), id);
    return row && storedVersion(row);
  }

  function retire(version: StoredVersion): void {
    statements.retire.run(version.seq);
    if (!isDeleted(version))
      parts.index.remove(version.type, version.seq, parseStored(version.body));
  }

  /** Appends a version after `previous`, which must be the current one. */
  function append(next: NewVersion, previous: StoredVersion | undefined): StoredVersion {
    return transaction(() => {
      if (previous !== undefined) retire(previous);
      const seq = parts.nextRow(typeNumber(next.type));
      const version = (previous?.version ?? 0) + 1;
      const { type, id, method } = next;
      const body = versionBody(next.resource, { type, id, version, seq });
      const live = method === 'DELETE' ? 0 : 1;
      statements.insert.run(seq, typeNumber(type), id, version, live, method, next.agent, body);
      if (live === 1) parts.index.add(type, seq, next.resource);
      const written = { seq, type, id, version, method, body };
      parts.events?.outbox.add(fhirEvent(written, parts.events.account));
      return written;
    });
  }

  /** Removes every version without a trace in search, history or events; only the write log keeps it. */
  function erase(latest: StoredVersion, agent: number): void {
    transaction(() => {
      if (!isDeleted(latest)) retire(latest);
      const type = typeNumber(latest.type);
      statements.erase.run(type, latest.id);
      statements.logErase.run(parts.nextRow(type), type, latest.id, agent);
    });
  }

  /** Removes all versions but the current one; only the write log keeps that. */
  function purgeHistory(current: StoredVersion, agent: number): void {
    transaction(() => {
      const type = typeNumber(current.type);
      statements.purge.run(type, current.id, current.version);
      statements.logPurge.run(parts.nextRow(type), type, current.id, agent);
    });
  }

  return {
    purgeHistory,
    /** Writes the index rows of a current version again. */
    reindex: (version: StoredVersion): void =>
      transaction(() => {
        const resource = parseStored(version.body);
        parts.index.remove(version.type, version.seq, resource);
        parts.index.add(version.type, version.seq, resource);
      }),
    transaction,
    current,
    append,
    erase,
    version(type: string, id: string, version: number): StoredVersion | undefined {
      const row = statements.version.get(typeNumber(type), id, version);
      return row && storedVersion(row);
    },
  };
}

export type Repository = ReturnType<typeof createRepository>;

function prepare(database: DatabaseSync) {
  return {
    current: database.prepare(
      `SELECT ${versionColumns} FROM resource WHERE type = ? AND id = ? ORDER BY version DESC LIMIT 1`,
    ),
    version: database.prepare(
      `SELECT ${versionColumns} FROM resource WHERE type = ? AND id = ? AND version = ?`,
    ),
    insert: database.prepare('INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    retire: database.prepare('UPDATE resource SET live = 0 WHERE seq = ? AND live = 1'),
    erase: database.prepare('DELETE FROM resource WHERE type = ? AND id = ?'),
    purge: database.prepare('DELETE FROM resource WHERE type = ? AND id = ? AND version <> ?'),
    logPurge: database.prepare('INSERT INTO history_purge VALUES (?, ?, ?, ?)'),
    logErase: database.prepare('INSERT INTO hard_delete VALUES (?, ?, ?, ?)'),
  };
}
