import { entitySetName } from './entity-set-name.ts';
import type { ColumnForm, ColumnType, ModelFile, TableForm } from './model-schema.ts';
import { systemColumns, systemTables } from './system-tables.ts';

export interface Column {
  readonly name: string;
  /** Name in the Web API: the logical name, or `_name_value` for a lookup. */
  readonly property: string;
  readonly type: ColumnType;
  readonly maxLength: number | undefined;
  readonly options: ReadonlyMap<number, string> | undefined;
  readonly targets: readonly string[];
  /** Target table to navigation property. */
  readonly navigations: ReadonlyMap<string, string>;
  readonly required: NonNullable<ColumnForm['required']>;
  readonly create: boolean;
  readonly update: boolean;
}

export interface Navigation {
  readonly name: string;
  readonly column: Column;
  readonly target: string;
}

export interface TableKey {
  readonly name: string;
  readonly columns: readonly Column[];
  /** Milliseconds since 1970 from which the key's index counts as built; undefined: it failed. */
  readonly activeFrom: number | undefined;
  readonly createdAt: number;
}

export interface Table {
  readonly name: string;
  readonly display: string;
  readonly entitySet: string;
  readonly primaryId: string;
  readonly primaryName: string | undefined;
  readonly columns: ReadonlyMap<string, Column>;
  /** The same columns by Web API property name. */
  readonly properties: ReadonlyMap<string, Column>;
  readonly navigations: ReadonlyMap<string, Navigation>;
  /** Grows and shrinks while the stand-in runs: keys may be declared through the metadata. */
  readonly keys: Map<string, TableKey>;
  readonly changeTracking: boolean;
  readonly bulkMessages: ReadonlySet<string>;
}

/** One lookup column seen from the table it points at. */
export interface IncomingLookup {
  readonly table: Table;
  readonly column: Column;
  /** Collection-valued navigation property on the target table. */
  readonly collection: string;
}

export interface Model {
  readonly tables: ReadonlyMap<string, Table>;
  readonly entitySets: ReadonlyMap<string, Table>;
  readonly incoming: ReadonlyMap<string, readonly IncomingLookup[]>;
}

const bulkMessages = ['CreateMultiple', 'UpdateMultiple', 'UpsertMultiple'] as const;

function navigationsOf(name: string, form: ColumnForm): ReadonlyMap<string, string> {
  const targets = form.targets ?? [];
  const given = form.navigation;
  return new Map(
    targets.map((target) => {
      const fallback = targets.length > 1 ? `${name}_${target}` : name;
      const named = typeof given === 'string' ? given : given?.[target];
      return [target, named ?? fallback];
    }),
  );
}

function buildColumn(name: string, form: ColumnForm): Column {
  const options = form.options && Object.entries(form.options);
  return {
    name,
    property: form.type === 'lookup' ? `_${name}_value` : name,
    type: form.type,
    maxLength: form.maxLength,
    options: options && new Map(options.map(([value, label]) => [Number(value), label])),
    targets: form.targets ?? [],
    navigations: navigationsOf(name, form),
    required: form.required ?? 'none',
    create: form.create ?? true,
    update: form.update ?? true,
  };
}

function mergeForms(forms: readonly TableForm[]): TableForm {
  const columns = Object.assign({}, ...forms.map((form) => form.columns));
  const keys = forms.flatMap((form) => form.keys ?? []);
  return { ...Object.assign({}, ...forms), columns, keys };
}

const nameColumns = ['msemr_name', 'msind_name', 'name', 'subject'];

function primaryNameOf(form: TableForm): string | undefined {
  return form.primaryName ?? nameColumns.find((name) => name in form.columns);
}

function buildTable(name: string, form: TableForm): Table {
  const primaryId = form.primaryId ?? `${name}id`;
  const idForm: ColumnForm = { type: 'guid', required: 'system', update: false };
  const forms = { ...systemColumns, ...form.columns, [primaryId]: idForm };
  const columns = new Map(
    Object.entries(forms).map(([column, columnForm]) => [column, buildColumn(column, columnForm)]),
  );
  const navigations = [...columns.values()].flatMap((column) =>
    [...column.navigations].map(([target, navigation]) => ({ name: navigation, column, target })),
  );
  return {
    name,
    display: form.display ?? name,
    entitySet: form.entitySet ?? entitySetName(name),
    primaryId,
    primaryName: primaryNameOf(form),
    columns,
    properties: new Map([...columns.values()].map((column) => [column.property, column])),
    // The owner has one property for both targets: the first one is what it expands to.
    navigations: new Map(navigations.toReversed().map((one) => [one.name, one])),
    keys: new Map((form.keys ?? []).map((key) => [key.name, buildKey(columns, key)])),
    changeTracking: form.changeTracking ?? false,
    bulkMessages: new Set(form.bulkMessages ?? bulkMessages),
  };
}

function buildKey(
  columns: ReadonlyMap<string, Column>,
  key: { readonly name: string; readonly columns: readonly string[] },
): TableKey {
  const keyColumns = key.columns.map((name) => {
    const column = columns.get(name);
    if (column === undefined) {
      throw new RangeError(
        `The key ${key.name} names the column ${name}, which its table does not have: add the column to the same model file.`,
      );
    }
    return column;
  });
  return { name: key.name, columns: keyColumns, activeFrom: 0, createdAt: 0 };
}

/** A lookup to a table that does not exist could never be bound: most likely a slip of the pen. */
function checkTargets(tables: ReadonlyMap<string, Table>): void {
  for (const table of tables.values()) {
    for (const column of table.columns.values()) {
      const missing = column.targets.find((target) => !tables.has(target));
      if (missing !== undefined) {
        throw new RangeError(
          `The lookup ${table.name}.${column.name} points at the table ${missing}, which no model file has.`,
        );
      }
    }
  }
}

function collectIncoming(tables: Iterable<Table>): Map<string, IncomingLookup[]> {
  const incoming = new Map<string, IncomingLookup[]>();
  for (const table of tables) {
    const lookups = [...table.columns.values()].flatMap((column) =>
      column.targets.map((target) => ({ column, target })),
    );
    for (const { column, target } of lookups) {
      const collection = `${table.name}_${column.name}_${target}`;
      const list = incoming.get(target) ?? [];
      list.push({ table, column, collection });
      incoming.set(target, list);
    }
  }
  return incoming;
}

/**
 * Lays model files over the platform's own tables, later files over earlier
 * ones. Throws `RangeError` when a key names a column that does not exist.
 */
export function buildModel(files: readonly ModelFile[]): Model {
  const forms = new Map<string, TableForm[]>();
  for (const tables of [systemTables, ...files.map((file) => file.tables)]) {
    for (const [name, form] of Object.entries(tables)) {
      forms.set(name, [...(forms.get(name) ?? []), form]);
    }
  }
  const tables = new Map(
    [...forms].map(([name, list]) => [name, buildTable(name, mergeForms(list))] as const),
  );
  checkTargets(tables);
  return {
    tables,
    entitySets: new Map([...tables.values()].map((table) => [table.entitySet, table])),
    incoming: collectIncoming(tables.values()),
  };
}
