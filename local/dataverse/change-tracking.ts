import type { ApiContext } from './api-context.ts';
import type { Table } from './model.ts';
import { badQuery, DataverseError } from './protocol-error.ts';
import type { QueryOptions } from './query-options.ts';
import type { Row } from './row.ts';

export interface Delta {
  readonly changed: readonly Row[];
  readonly deleted: readonly string[];
}

/** A delta token: the row version up to which the caller has seen the table, and when. */
export function deltaToken(context: ApiContext, version: number): string {
  return `${version}!${context.now}`;
}

/** Facts A10: refused beside change tracking; and the table must have it switched on. */
export function checkTrackable(table: Table, options: QueryOptions): void {
  const isPlain =
    options.filter === undefined &&
    options.order.length === 0 &&
    options.expand.length === 0 &&
    options.top === undefined;
  if (!isPlain) {
    throw badQuery(
      'The $filter, $orderby, $expand and $top query options cannot be used with change tracking.',
    );
  }
  if (!table.changeTracking) {
    throw new DataverseError(
      400,
      '0x80072491',
      `Entity ${table.name} isn't enabled for change tracking.`,
    );
  }
}

/** Changes since a token: rows that exist in their present form, then the deleted. */
export function readDelta(context: ApiContext, table: Table, token: string): Delta {
  const match = /^(\d+)!(\d+)$/.exec(token);
  if (match === null) {
    throw badQuery('The delta token is malformed.');
  }
  if (context.now - Number(match[2]) > context.deltaLifeMs) {
    throw new DataverseError(
      400,
      '0x80044352',
      'Version stamp associated with the client has expired. Please perform a full sync.',
    );
  }
  const touched = context.store
    .prepare(
      'SELECT id, max(sequence) AS last FROM writes WHERE tbl=? AND sequence>? GROUP BY id ORDER BY last',
    )
    .all(table.name, Number(match[1]));
  const rows = touched.map(({ id }) => [String(id), context.store.get(table, String(id))] as const);
  return {
    changed: rows.flatMap(([, row]) => row ?? []),
    deleted: rows.filter(([, row]) => row === undefined).map(([id]) => id),
  };
}
