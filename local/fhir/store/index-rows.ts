import type { DatabaseSync } from 'node:sqlite';
import { foldText, type IndexValue } from '../search/index-values.ts';
import { createRowBuffer } from './row-buffer.ts';

/** The three index tables: rows wait in buffers to be inserted, and are deleted at once. */
export function createIndexRows(database: DatabaseSync) {
  const code = createRowBuffer(database, {
    ...{ name: 'code_index', columns: 4, seqColumn: 2, sortColumn: 1 },
  });
  const range = createRowBuffer(database, {
    ...{ name: 'range_index', columns: 6, seqColumn: 1, sortColumn: undefined },
  });
  const text = createRowBuffer(database, {
    ...{ name: 'text_index', columns: 4, seqColumn: 2, sortColumn: 1 },
  });
  const all = [code, range, text];
  const dropRows = ['code_index', 'range_index', 'text_index'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE parameter = ? AND seq < ?`),
  );
  return {
    remove: remover(database),
    size: (): number => code.size() + range.size() + text.size(),
    add(number: number, value: IndexValue, seq: bigint): void {
      switch (value.form) {
        case 'code':
          code.add(number, [number, value.code, seq, value.system]);
          return;
        case 'range':
          range.add(number, [number, seq, value.low, value.high, value.code, value.system]);
          return;
        case 'text':
          text.add(number, [number, foldText(value.text), seq, value.text]);
      }
    },
    /** Removes the rows of one parameter for versions before `below`. */
    drop(number: number, below: bigint): void {
      for (const drop of dropRows) drop.run(number, below);
    },
    /** Inserts what waits, but for the rows of versions in `without`. */
    write(without: ReadonlySet<bigint>): void {
      for (const buffer of all) buffer.write(without);
    },
    commit(): void {
      for (const buffer of all) buffer.commit();
    },
    rollback(): void {
      for (const buffer of all) buffer.rollback();
    },
  };
}

function remover(database: DatabaseSync) {
  const code = database.prepare(
    'DELETE FROM code_index WHERE parameter = ? AND code = ? AND seq = ?',
  );
  const range = database.prepare('DELETE FROM range_index WHERE parameter = ? AND seq = ?');
  const text = database.prepare(
    'DELETE FROM text_index WHERE parameter = ? AND folded = ? AND seq = ?',
  );
  return (number: number, value: IndexValue, seq: bigint): void => {
    switch (value.form) {
      case 'code':
        code.run(number, value.code, seq);
        return;
      case 'range':
        range.run(number, seq);
        return;
      case 'text':
        text.run(number, foldText(value.text), seq);
    }
  };
}
