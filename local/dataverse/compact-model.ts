/**
 * Writes the model file of this stand-in from the researched table list:
 * `node local/dataverse/compact-model.ts INPUT.json [OUTPUT.json]`.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import type { ColumnForm, ColumnType, ModelFile, TableForm } from './model-schema.ts';

const sourceColumn = z.object({
  type: z.string(),
  display: z.string().optional(),
  maxLength: z.number().optional(),
  options: z.record(z.string(), z.string()).optional(),
  targets: z.array(z.string()).optional(),
  required: z.string().optional(),
});
const sourceModel = z.record(
  z.string(),
  z.object({
    displayName: z.string(),
    primaryId: z.string().optional(),
    entitySet: z.string().optional(),
    columns: z.record(z.string(), sourceColumn),
  }),
);

type SourceColumn = z.infer<typeof sourceColumn>;

const typeNames: Readonly<Record<string, ColumnType>> = {
  uniqueidentifier: 'guid',
  string: 'string',
  picklist: 'choice',
  status: 'choice',
  multiselectpicklist: 'multichoice',
  datetime: 'datetime',
  boolean: 'boolean',
  integer: 'integer',
  decimal: 'decimal',
  double: 'double',
  money: 'money',
  lookup: 'lookup',
};

const requiredLevels: Readonly<Record<string, NonNullable<ColumnForm['required']>>> = {
  systemrequired: 'system',
  required: 'application',
  recommended: 'recommended',
};

/** Party lists have no column of their own in the Web API; lookups without a target cannot be bound. */
function isKept(column: SourceColumn): boolean {
  const isLookup = column.type === 'lookup';
  return column.type in typeNames && (!isLookup || (column.targets?.length ?? 0) > 0);
}

function isDefaultState(name: string, column: SourceColumn): boolean {
  const labels = JSON.stringify(Object.values(column.options ?? {}));
  return (name === 'statecode' || name === 'statuscode') && labels === '["Active","Inactive"]';
}

function compactColumn(column: SourceColumn): ColumnForm {
  const level = column.required === undefined ? undefined : requiredLevels[column.required];
  return {
    type: typeNames[column.type] ?? 'string',
    ...(column.maxLength === undefined ? {} : { maxLength: column.maxLength }),
    ...(column.options === undefined ? {} : { options: column.options }),
    ...(column.targets === undefined ? {} : { targets: column.targets }),
    ...(level === undefined ? {} : { required: level }),
  };
}

function compactTable(logicalName: string, table: z.infer<typeof sourceModel>[string]): TableForm {
  const primaryId = table.primaryId ?? `${logicalName}id`;
  const columns = Object.entries(table.columns)
    .filter(([name, column]) => name !== primaryId && isKept(column))
    .filter(([name, column]) => !isDefaultState(name, column))
    .map(([name, column]) => [name, compactColumn(column)] as const);
  return {
    display: table.displayName,
    ...(table.entitySet === undefined ? {} : { entitySet: table.entitySet }),
    ...(primaryId === `${logicalName}id` ? {} : { primaryId }),
    columns: Object.fromEntries(columns),
  };
}

function compactModel(text: string): ModelFile {
  const tables = Object.entries(sourceModel.parse(JSON.parse(text)))
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, table]) => [name, compactTable(name, table)] as const);
  return { tables: Object.fromEntries(tables) };
}

/** One line per table keeps the file small and its differences readable. */
function printModel(model: ModelFile): string {
  const lines = Object.entries(model.tables).map(
    ([name, table]) => `${JSON.stringify(name)}:${JSON.stringify(table)}`,
  );
  return `{"tables":{\n${lines.join(',\n')}\n}}\n`;
}

const [input, output = join(dirname(import.meta.filename), 'data-model.json')] =
  process.argv.slice(2);
if (input === undefined) {
  process.stderr.write('Usage: node local/dataverse/compact-model.ts INPUT.json [OUTPUT.json]\n');
  process.exitCode = 2;
} else {
  writeFileSync(output, printModel(compactModel(readFileSync(input, 'utf8'))));
}
