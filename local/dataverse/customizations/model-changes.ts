import {
  buildColumn,
  type Column,
  enterLookup,
  indexColumns,
  type Model,
  type Table,
} from '../model.ts';
import type { ColumnForm } from '../model-schema.ts';

function unlink(model: Model, columns: Iterable<Column>): void {
  for (const column of columns) {
    for (const target of column.targets) {
      const others = (model.incoming.get(target) ?? []).filter((one) => one.column !== column);
      model.incoming.set(target, others);
    }
  }
}

export function putTable(model: Model, table: Table): void {
  model.tables.set(table.name, table);
  model.entitySets.set(table.entitySet, table);
  for (const column of table.columns.values()) {
    enterLookup(model.incoming, table, column);
  }
}

export function dropTable(model: Model, table: Table): void {
  model.tables.delete(table.name);
  model.entitySets.delete(table.entitySet);
  unlink(model, table.columns.values());
}

/** Adds a column; one that exists is changed in place, since keys and indexes hold on to it. */
export function putColumn(
  model: Model,
  table: Table,
  { name, form }: { readonly name: string; readonly form: ColumnForm },
): Column {
  const choice = form.globalChoice === undefined ? undefined : model.choices.get(form.globalChoice);
  const built = { ...buildColumn(name, form), ...(choice && { options: choice.options }) };
  const known = table.columns.get(name);
  if (known !== undefined) {
    unlink(model, [known]);
  }
  const column = known === undefined ? built : Object.assign(known, built);
  table.columns.set(name, column);
  indexColumns(table);
  enterLookup(model.incoming, table, column);
  return column;
}

export function dropColumn(model: Model, table: Table, column: Column): void {
  table.columns.delete(column.name);
  indexColumns(table);
  unlink(model, [column]);
}

/** The form that a column could have been made from, to lay changes over. */
export function formOf(column: Column): ColumnForm {
  const { type, display, schemaName, maxLength, options, targets, required, globalChoice } = column;
  const { externalName } = column;
  return {
    ...(externalName === column.name ? {} : { externalName }),
    ...{ type, display, schemaName, required, details: column.details },
    ...{ create: column.create, update: column.update },
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(options && {
      options: Object.fromEntries([...options].map(([value, text]) => [String(value), text])),
    }),
    ...(globalChoice === undefined ? {} : { globalChoice }),
    ...(targets.length === 0
      ? {}
      : {
          targets: [...targets],
          navigation: Object.fromEntries(column.navigations),
          relationships: Object.fromEntries(column.relationships),
        }),
  };
}
