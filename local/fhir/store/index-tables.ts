import type { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '../json.ts';
import { foldText, type IndexValue, indexValues } from '../search/index-values.ts';
import type { SearchParameter, SearchParameters } from '../search/parameters.ts';
import { evaluatePath } from '../search/path.ts';
import type { Numbering } from './database.ts';
import { createRowBuffer } from './row-buffer.ts';

interface NumberedParameter {
  readonly number: number;
  readonly parameter: SearchParameter;
}

/** Parameters with equal expressions, such as name and phonetic, share one number and one set of rows. */
function withoutTwins(numbered: readonly NumberedParameter[]): readonly NumberedParameter[] {
  return [...new Map(numbered.map((parameter) => [parameter.number, parameter])).values()];
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
      number: numbering.numberOf(parameter.indexName),
      parameter,
    }));
    byType.set(type, withoutTwins(numbered));
  }
  const buffers = rowBuffers(database);
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
  let firstBuffered = Number.POSITIVE_INFINITY;
  const flush = () => {
    firstBuffered = Number.POSITIVE_INFINITY;
    buffers.flush();
  };
  return {
    /** Notes the rows of a new version; `flush` writes them. */
    add(type: string, seq: number, resource: JsonObject): void {
      firstBuffered = Math.min(firstBuffered, seq);
      forEachRow(resource, type, seq, buffers.add);
    },
    /** `resource` must be what was added under this `seq`: its rows are found by their whole key. */
    remove(type: string, seq: number, resource: JsonObject): void {
      if (seq >= firstBuffered) flush();
      forEachRow(resource, type, seq, removeRow);
    },
    /** To be called before a search and before each commit. */
    flush,
    /** To be called when a transaction is rolled back. */
    discard(): void {
      firstBuffered = Number.POSITIVE_INFINITY;
      buffers.discard();
    },
  };
}

function rowBuffers(database: DatabaseSync) {
  const code = createRowBuffer(database, 'code_index', 4);
  const range = createRowBuffer(database, 'range_index', 6);
  const text = createRowBuffer(database, 'text_index', 4);
  const all = [code, range, text];
  const add: RowAction = (number, value, seq) => {
    switch (value.form) {
      case 'code':
        code.add([number, value.code, seq, value.system]);
        return;
      case 'range':
        range.add([number, seq, value.low, value.high, value.code, value.system]);
        return;
      case 'text':
        text.add([number, foldText(value.text), seq, value.text]);
    }
  };
  return {
    add,
    flush: () => {
      for (const buffer of all) buffer.flush();
    },
    discard: () => {
      for (const buffer of all) buffer.discard();
    },
  };
}

function remover(database: DatabaseSync): RowAction {
  const code = database.prepare(
    'DELETE FROM code_index WHERE parameter = ? AND code = ? AND seq = ?',
  );
  const range = database.prepare('DELETE FROM range_index WHERE parameter = ? AND seq = ?');
  const text = database.prepare(
    'DELETE FROM text_index WHERE parameter = ? AND folded = ? AND seq = ?',
  );
  return (number, value, seq) => {
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

export type IndexTables = ReturnType<typeof createIndexTables>;
