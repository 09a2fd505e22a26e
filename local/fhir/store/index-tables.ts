import type { DatabaseSync } from 'node:sqlite';
import type { JsonObject } from '../json.ts';
import { foldText, type IndexValue, indexValues } from '../search/index-values.ts';
import type { SearchParameter, SearchParameters } from '../search/parameters.ts';
import { evaluatePath } from '../search/path.ts';
import { afterAllRows } from './clock.ts';
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

type ValueAction = (value: IndexValue) => void;
type RowAction = (number: number, value: IndexValue, seq: bigint) => void;

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
  const builtIn = new Map(byType);
  const buffers = rowBuffers(database);
  const removeRow = remover(database);
  const dropRows = ['code_index', 'range_index', 'text_index'].map((table) =>
    database.prepare(`DELETE FROM ${table} WHERE parameter = ? AND seq < ?`),
  );

  const rowsOf = ({ paths, kind }: SearchParameter, resource: JsonObject, take: ValueAction) => {
    for (const path of paths) {
      for (const element of evaluatePath(path, resource)) {
        for (const value of indexValues(kind, element)) take(value);
      }
    }
  };
  const forEachRow = (resource: JsonObject, type: string, seq: bigint, action: RowAction) => {
    for (const { number, parameter } of byType.get(type) ?? []) {
      rowsOf(parameter, resource, (value) => action(number, value, seq));
    }
  };
  let firstBuffered = afterAllRows;
  const flush = () => {
    firstBuffered = afterAllRows;
    buffers.flush();
  };
  return {
    /** Notes the rows of a new version; `flush` writes them. */
    add(type: string, seq: bigint, resource: JsonObject): void {
      if (seq < firstBuffered) firstBuffered = seq;
      forEachRow(resource, type, seq, buffers.add);
    },
    /** `resource` must be what was added under this `seq`: its rows are found by their whole key. */
    remove(type: string, seq: bigint, resource: JsonObject): void {
      if (seq >= firstBuffered) flush();
      forEachRow(resource, type, seq, removeRow);
    },
    /** Indexes everything written from now on by these parameters too, and no longer by earlier ones. */
    useCustom(parameters: readonly SearchParameter[]): void {
      for (const [type, numbered] of builtIn) byType.set(type, numbered);
      for (const parameter of parameters) {
        const numbered = { number: numbering.numberOf(parameter.indexName), parameter };
        byType.set(parameter.type, [...(byType.get(parameter.type) ?? []), numbered]);
      }
    },
    /** Notes the rows of one parameter only, for a version that is already stored. */
    addOne(parameter: SearchParameter, seq: bigint, resource: JsonObject): void {
      const number = numbering.numberOf(parameter.indexName);
      rowsOf(parameter, resource, (value) => buffers.add(number, value, seq));
    },
    /** Removes the rows of one parameter for versions before `below`. */
    forget(parameter: SearchParameter, below: bigint): void {
      const number = numbering.numberOf(parameter.indexName);
      for (const drop of dropRows) drop.run(number, below);
    },
    /** To be called before a search and before each commit. */
    flush,
    /** To be called when a transaction is rolled back. */
    discard(): void {
      firstBuffered = afterAllRows;
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
