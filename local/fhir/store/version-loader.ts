import type { DatabaseSync } from 'node:sqlite';
import { typeNumber } from '../definitions.ts';
import { type JsonObject, parseStored } from '../json.ts';
import { type Clock, firstSeqAt, slotsPerMillisecond } from './clock.ts';
import { fhirEvent } from './fhir-event.ts';
import type { IndexTables } from './index-tables.ts';
import type { Outbox } from './outbox.ts';
import type { RowSlots } from './row-slots.ts';
import {
  isDeleted,
  type StoredVersion,
  storedVersion,
  versionBody,
  versionColumns,
} from './stored-version.ts';

/** A version as an import brings it. */
export interface ImportedVersion {
  readonly type: string;
  readonly id: string;
  readonly version: number;
  /** lastUpdated in milliseconds since 1970. */
  readonly milliseconds: number;
  readonly isDeleted: boolean;
  readonly resource: JsonObject;
  /** Number of the user agent product, for the write log. */
  readonly agent: number;
}

export interface LoaderParts {
  readonly database: DatabaseSync;
  readonly index: IndexTables;
  readonly clock: Clock;
  readonly slots: RowSlots;
  /** Where events of imported versions go; undefined, as on Azure, for nowhere. */
  readonly events: { readonly outbox: Outbox; readonly account: string } | undefined;
}

/** Puts versions with lastUpdated and number of their own among those that are there. To be used inside a transaction. */
export function createVersionLoader(parts: LoaderParts) {
  const { database, index, clock, slots } = parts;
  const statements = prepare(database);

  /** Makes room at the top of the versions of a resource. */
  function retire(version: StoredVersion): void {
    statements.retire.run(version.seq);
    if (!isDeleted(version)) index.remove(version.type, version.seq, parseStored(version.body));
  }

  function insert(next: ImportedVersion, isLive: boolean): StoredVersion | undefined {
    const { type, id, version, milliseconds, agent } = next;
    const number = typeNumber(type);
    const method = next.isDeleted ? 'DELETE' : 'PUT';
    const first = firstSeqAt(milliseconds);
    const body = versionBody(next.resource, { type, id, version, seq: first });
    const columns = [number, id, version, isLive ? 1 : 0, method, agent, body] as const;
    // The first row of a millisecond is free as a rule; looking before each would cost as much again.
    const isFirst = Number(statements.insertIfFree.run(first, ...columns).changes) > 0;
    const seq = isFirst ? first : slots.take(number, milliseconds);
    if (seq === undefined) return undefined;
    if (!isFirst) statements.insert.run(seq, ...columns);
    return { seq, type, id, version, method, body };
  }

  return {
    /** To be called when a transaction begins. */
    begin: slots.recount,
    /** The stored version with this lastUpdated, whatever its number. */
    at(type: string, id: string, milliseconds: number): StoredVersion | undefined {
      const first = firstSeqAt(milliseconds);
      const row = statements.at.get(typeNumber(type), id, first, first + slotsPerMillisecond);
      return row && storedVersion(row);
    },
    /** Numbers of the stored versions next to an instant: below and above it, and the lowest negative one. */
    neighbours(type: string, id: string, milliseconds: number) {
      const place = [typeNumber(type), id] as const;
      const first = firstSeqAt(milliseconds);
      const number = (row: Record<string, unknown> | undefined) =>
        row === undefined || row['version'] === null ? undefined : Number(row['version']);
      return {
        lower: number(statements.lower.get(...place, first)),
        upper: number(statements.upper.get(...place, first)),
        lowest: number(statements.lowest.get(...place)),
      };
    },
    /**
     * Stores a version; it becomes the current one when its number is the
     * highest. Undefined when its millisecond is full.
     */
    load(next: ImportedVersion, current: StoredVersion | undefined): StoredVersion | undefined {
      const becomesCurrent = current === undefined || next.version > current.version;
      if (becomesCurrent && current !== undefined) retire(current);
      const isLive = becomesCurrent && !next.isDeleted;
      const stored = insert(next, isLive);
      if (stored === undefined) return undefined;
      clock.observe(stored.seq);
      if (isLive) index.add(next.type, stored.seq, next.resource);
      parts.events?.outbox.add(fhirEvent(stored, parts.events.account));
      return stored;
    },
  };
}

export type VersionLoader = ReturnType<typeof createVersionLoader>;

function prepare(database: DatabaseSync) {
  const ofOne = 'FROM resource INDEXED BY resource_version WHERE type = ? AND id = ?';
  return {
    at: database.prepare(`SELECT ${versionColumns} ${ofOne} AND seq >= ? AND seq < ? LIMIT 1`),
    lower: database.prepare(
      `SELECT version ${ofOne} AND version > 0 AND seq < ? ORDER BY seq DESC LIMIT 1`,
    ),
    upper: database.prepare(
      `SELECT version ${ofOne} AND version > 0 AND seq > ? ORDER BY seq LIMIT 1`,
    ),
    lowest: database.prepare(`SELECT min(version) AS version ${ofOne} AND version < 0`),
    insertIfFree: database.prepare(
      'INSERT OR IGNORE INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
    ),
    insert: database.prepare('INSERT INTO resource VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    retire: database.prepare('UPDATE resource SET live = 0 WHERE seq = ? AND live = 1'),
  };
}
