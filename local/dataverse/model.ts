import type { Intersection } from './associations.ts';
import { elasticColumns, elasticKey } from './elastic/elastic-columns.ts';
import { entitySetName } from './entity-set-name.ts';
import type {
  ColumnForm,
  ColumnType,
  External,
  ModelFile,
  TableForm,
  TableType,
} from './model-schema.ts';
import { systemColumns, systemTables } from './system-tables.ts';

export interface Column {
  readonly name: string;
  /** Name in the Web API: the logical name, or `_name_value` for a lookup. */
  readonly property: string;
  readonly type: ColumnType;
  readonly display: string;
  readonly schemaName: string;
  readonly maxLength: number | undefined;
  /** Shared by all columns of one global choice. */
  readonly options: ReadonlyMap<number, string> | undefined;
  /** Name of the global choice that the options belong to. */
  readonly globalChoice: string | undefined;
  readonly targets: readonly string[];
  /** Target table to navigation property. */
  readonly navigations: ReadonlyMap<string, string>;
  /** Target table to the schema name of the relationship, which is also the collection on the target. */
  readonly relationships: ReadonlyMap<string, string>;
  /** Further members of the column's metadata, such as `MinValue`. */
  readonly details: Readonly<Record<string, unknown>>;
  readonly required: NonNullable<ColumnForm['required']>;
  readonly create: boolean;
  readonly update: boolean;
  /** Name in the source of a virtual table. */
  readonly externalName: string;
}

/** A choice that columns of several tables may share. */
export interface GlobalChoice {
  readonly name: string;
  readonly display: string;
  readonly options: Map<number, string>;
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

/** Columns, keys and what follows from them change while the stand-in runs: metadata is writable. */
export interface Table {
  readonly name: string;
  display: string;
  readonly schemaName: string;
  readonly entitySet: string;
  readonly primaryId: string;
  readonly primaryName: string | undefined;
  readonly columns: Map<string, Column>;
  /** The same columns by Web API property name. */
  readonly properties: Map<string, Column>;
  readonly navigations: Map<string, Navigation>;
  readonly keys: Map<string, TableKey>;
  changeTracking: boolean;
  /** True when `If-Match` may hold an etag. */
  readonly optimisticConcurrency: boolean;
  readonly bulkMessages: ReadonlySet<string>;
  readonly type: TableType;
  /** Where the rows of a virtual table are. */
  readonly external: External | undefined;
}

/** One lookup column seen from the table it points at. */
export interface IncomingLookup {
  readonly table: Table;
  readonly column: Column;
  /** Collection-valued navigation property on the target table. */
  readonly collection: string;
}

export interface Model {
  readonly tables: Map<string, Table>;
  readonly entitySets: Map<string, Table>;
  readonly incoming: Map<string, IncomingLookup[]>;
  readonly choices: Map<string, GlobalChoice>;
  /** Many-to-many relationships made through the metadata. */
  readonly intersections: Intersection[];
}

const standardBulk = ['CreateMultiple', 'UpdateMultiple', 'UpsertMultiple'] as const;

const bulkMessages: Readonly<Record<TableType, readonly string[]>> = {
  Standard: standardBulk,
  Elastic: [...standardBulk, 'DeleteMultiple'],
  Virtual: [],
};

function navigationsOf(name: string, form: ColumnForm): ReadonlyMap<string, string> {
  const targets = form.targets ?? [];
  const given = form.navigation;
  return new Map(
    targets.map((target) => {
      const suffix = targets.length > 1 ? `_${target}` : '';
      const fallback = `${name}${suffix}`;
      const common = typeof given === 'string' ? given : undefined;
      const named = typeof given === 'object' ? given[target] : common && `${common}${suffix}`;
      return [target, named ?? fallback];
    }),
  );
}

/** The schema name, when none is given, has the casing of the navigation property. */
function schemaNameOf(name: string, navigations: ReadonlyMap<string, string>): string {
  const [first] = navigations.values();
  return navigations.size === 1 && first?.toLowerCase() === name ? first : name;
}

export function buildColumn(name: string, form: ColumnForm): Column {
  const options = form.options && Object.entries(form.options);
  const navigations = navigationsOf(name, form);
  return {
    name,
    display: form.display ?? name,
    schemaName: form.schemaName ?? schemaNameOf(name, navigations),
    globalChoice: form.globalChoice,
    relationships: new Map(Object.entries(form.relationships ?? {})),
    details: form.details ?? {},
    property: form.type === 'lookup' ? `_${name}_value` : name,
    type: form.type,
    maxLength: form.maxLength,
    options: options && new Map(options.map(([value, label]) => [Number(value), label])),
    targets: form.targets ?? [],
    navigations,
    required: form.required ?? 'none',
    create: form.create ?? true,
    update: form.update ?? true,
    externalName: form.externalName ?? name,
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

export function buildTable(name: string, form: TableForm): Table {
  const primaryId = form.primaryId ?? `${name}id`;
  const idForm: ColumnForm = {
    ...form.columns[primaryId],
    ...{ type: 'guid', required: 'system', update: false },
  };
  const type = form.tableType ?? 'Standard';
  const isElastic = type === 'Elastic';
  const own = isElastic ? { ...elasticColumns, ...form.columns } : form.columns;
  const forms = { ...systemColumns, ...own, [primaryId]: idForm };
  const columns = new Map(
    Object.entries(forms).map(([column, columnForm]) => [column, buildColumn(column, columnForm)]),
  );
  const keyForms = isElastic ? [elasticKey(primaryId)] : (form.keys ?? []);
  const table: Table = {
    type,
    external: form.external,
    name,
    display: form.display ?? name,
    schemaName: form.schemaName ?? name,
    entitySet: form.entitySet ?? entitySetName(name),
    primaryId,
    primaryName: primaryNameOf(form),
    columns,
    properties: new Map(),
    navigations: new Map(),
    keys: new Map(keyForms.map((key) => [key.name, buildKey(columns, key)])),
    changeTracking: form.changeTracking ?? false,
    optimisticConcurrency: form.optimisticConcurrency ?? true,
    bulkMessages: new Set(form.bulkMessages ?? bulkMessages[type]),
  };
  indexColumns(table);
  return table;
}

/** Works out anew what follows from the columns of a table. */
export function indexColumns({ columns, properties, navigations }: Table): void {
  properties.clear();
  navigations.clear();
  for (const column of columns.values()) {
    properties.set(column.property, column);
    for (const [target, name] of column.navigations) {
      // The owner has one property for both targets: the first one is what it expands to.
      if (!navigations.has(name)) {
        navigations.set(name, { name, column, target });
      }
    }
  }
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

/** Schema name of the relationship behind a lookup, which is also the collection on its target. */
export function relationshipName(table: Table, column: Column, target: string): string {
  return column.relationships.get(target) ?? `${table.name}_${column.name}_${target}`;
}

/** Enters a lookup at the tables it points at. */
export function enterLookup(incoming: Model['incoming'], table: Table, column: Column): void {
  for (const target of column.targets) {
    const collection = relationshipName(table, column, target);
    const list = incoming.get(target) ?? [];
    list.push({ table, column, collection });
    incoming.set(target, list);
  }
}

function collectIncoming(tables: Iterable<Table>): Model['incoming'] {
  const incoming: Model['incoming'] = new Map();
  for (const table of tables) {
    for (const column of table.columns.values()) {
      enterLookup(incoming, table, column);
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
    choices: new Map(),
    intersections: [],
  };
}
