import { rowsTable } from '../database.ts';
import type { Table } from '../model.ts';
import { platformAgent } from '../platform-agent.ts';
import type { RowStore } from '../row-store.ts';

const deadline = `unixepoch(json_extract(body,'$.modifiedon')) + json_extract(body,'$.ttlinseconds')`;
const isMortal = `json_extract(body,'$.ttlinseconds') > 0`;

/** An index of the rows that end by themselves. */
export function expiryIndex(table: Table): string {
  const name = `"expiry_${table.name}"`;
  return `CREATE INDEX IF NOT EXISTS ${name} ON ${rowsTable(table.name)}(${deadline}) WHERE ${isMortal}`;
}

/** Forgets rows whose `ttlinseconds` after their last write are over; no step hears of it. */
export function expireRows(store: RowStore, table: Table, now: number): void {
  const sql = `SELECT id FROM ${rowsTable(table.name)} WHERE ${isMortal} AND ${deadline} <= ?`;
  const ended = store.prepare(sql).all(Math.floor(now / 1000));
  if (ended.length === 0) {
    return;
  }
  store.atomic(() => {
    for (const { id } of ended) {
      const row = store.get(table, String(id));
      if (row !== undefined) {
        store.remove(table, row, { agent: platformAgent, at: now, columns: [] });
      }
    }
  });
}
