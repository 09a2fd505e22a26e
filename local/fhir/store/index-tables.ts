import type { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '../json.ts';
import { foldText, type IndexValue, indexValues } from '../search/index-values.ts';
import type { SearchParameter, SearchParameters } from '../search/parameters.ts';
import { evaluatePath } from '../search/path.ts';
import type { Numbering } from './database.ts';

interface NumberedParameter {
  readonly number: number;
  readonly parameter: SearchParameter;
}

type RowAction = (number: number, value: IndexValue, seq: number) => void;

/** Keeps the search index tables in step with the current versions. */
export function createIndexTables(
  database: DatabaseSync,
  parameters: SearchParameters,
  numbering: Numbering,
) {
  const byType = new Map<string, readonly NumberedParameter[]>();
  for (const [type, ofType] of parameters) {
    const numbered = [...ofType.values()].map((parameter) => ({
      number: numbering.numberOf(parameter.name),
      parameter,
    }));
    byType.set(type, numbered);
  }
  const insertRow = inserter(database);
  const removeRow = remover(database);

  const forEachRow = (resource: JsonObject, type: string, seq: number, action: RowAction) => {
    for (const { number, parameter } of byType.get(type) ?? []) {
      for (const path of parameter.paths) {
        for (const element of evaluatePath(path, resource)) {
          for (const value of indexValues(parameter.kind, element)) action(number, value, seq);
        }
      }
    }
  };
  return {
    add: (type: string, seq: number, resource: JsonObject) =>
      forEachRow(resource, type, seq, insertRow),
    /** `resource` must be what was added under this `seq`: its rows are found by their whole key. */
    remove: (type: string, seq: number, resource: JsonObject) =>
      forEachRow(resource, type, seq, removeRow),
  };
}

function inserter(database: DatabaseSync): RowAction {
  const code = database.prepare('INSERT OR IGNORE INTO code_index VALUES (?, ?, ?, ?)');
  const range = database.prepare('INSERT OR IGNORE INTO range_index VALUES (?, ?, ?, ?, ?, ?)');
  const text = database.prepare('INSERT OR IGNORE INTO text_index VALUES (?, ?, ?, ?)');
  return (number, value, seq) => {
    switch (value.form) {
      case 'code':
        code.run(number, value.code, seq, value.system);
        return;
      case 'range':
        range.run(number, value.low, value.high, seq, value.code, value.system);
        return;
      case 'text':
        text.run(number, foldText(value.text), seq, value.text);
    }
  };
}

function remover(database: DatabaseSync): RowAction {
  const code = database.prepare(
    'DELETE FROM code_index WHERE parameter = ? AND code = ? AND seq = ?',
  );
  const range = database.prepare(
    'DELETE FROM range_index WHERE parameter = ? AND low = ? AND high = ? AND seq = ?',
  );
  const text = database.prepare(
    'DELETE FROM text_index WHERE parameter = ? AND folded = ? AND seq = ?',
  );
  return (number, value, seq) => {
    switch (value.form) {
      case 'code':
        code.run(number, value.code, seq);
        return;
      case 'range':
        range.run(number, value.low, value.high, seq);
        return;
      case 'text':
        text.run(number, foldText(value.text), seq);
    }
  };
}

export type IndexTables = ReturnType<typeof createIndexTables>;
