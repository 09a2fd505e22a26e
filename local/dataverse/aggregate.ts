import type { ApiContext } from './api-context.ts';
import { type ApiResponse, jsonResponse } from './api-message.ts';
import { rowsTable } from './database.ts';
import { columnSql, propertyColumn, type Sql } from './filter-sql.ts';
import { families } from './filter-values.ts';
import type { Column, Table } from './model.ts';
import { badQuery, DataverseError, notImplemented } from './protocol-error.ts';
import { type QueryOptions, splitOutsideBrackets } from './query-options.ts';
import { both, conditionOf } from './select-rows.ts';

/** Page "Aggregate data using OData": the largest collection that is aggregated. */
const maxRows = 50_000;

const methods = {
  sum: 'sum',
  average: 'avg',
  min: 'min',
  max: 'max',
  countdistinct: 'count',
} as const;
type Method = keyof typeof methods;

/** One member of the answer. */
interface Measure {
  readonly alias: string;
  readonly sql: string;
}

interface Plan {
  readonly condition: Sql;
  readonly groups: readonly Column[];
  readonly measures: readonly Measure[];
}

function isMethod(text: string): text is Method {
  return Object.hasOwn(methods, text);
}

function refuse(text: string): Error {
  return badQuery(`Syntax error in $apply '${text}'.`);
}

function bracketed(name: string, text: string): string | undefined {
  return text.startsWith(`${name}(`) && text.endsWith(')')
    ? text.slice(name.length + 1, -1)
    : undefined;
}

function readMeasure(table: Table, text: string): Measure {
  const count = /^\$count\s+as\s+(\w+)$/.exec(text);
  if (count !== null) {
    return { alias: count[1] ?? '', sql: 'count(*)' };
  }
  const [, property = '', method = '', alias = ''] =
    /^(\w+)\s+with\s+(\w+)\s+as\s+(\w+)$/.exec(text) ?? [];
  if (!isMethod(method)) {
    throw refuse(text);
  }
  const column = propertyColumn(table, property);
  const family = families[column.type];
  const isSummed = method === 'sum' || method === 'average';
  if (family !== 'number' && (isSummed || (method !== 'countdistinct' && family !== 'date'))) {
    throw badQuery(`The column '${property}' cannot be aggregated with '${method}'.`);
  }
  const sql = columnSql(table, column, 'r');
  const distinct = method === 'countdistinct' ? 'DISTINCT ' : '';
  return { alias, sql: `${methods[method]}(${distinct}${sql})` };
}

function readMeasures(table: Table, text: string): readonly Measure[] {
  const inner = bracketed('aggregate', text);
  if (inner === undefined) {
    throw refuse(text);
  }
  return splitOutsideBrackets(inner, ',').map((item) => readMeasure(table, item.trim()));
}

function readGroups(table: Table, text: string): readonly Column[] {
  const inner = bracketed('', text);
  if (inner === undefined) {
    throw refuse(text);
  }
  return splitOutsideBrackets(inner, ',').map((name) => {
    if (name.includes('/')) {
      throw notImplemented('groupby over columns of related rows');
    }
    const column = propertyColumn(table, name.trim());
    if (families[column.type] === 'date') {
      throw badQuery(`groupby with datetime values is not supported: '${name.trim()}'.`);
    }
    return column;
  });
}

/** `filter(..)/groupby((a,b),aggregate(..))`; only the last step may group or aggregate. */
function readPlan(context: ApiContext, table: Table, options: QueryOptions): Plan {
  let condition = conditionOf(context, table, options);
  const steps = splitOutsideBrackets((options.apply ?? '').trim(), '/');
  const last = steps.pop()?.trim() ?? '';
  for (const step of steps) {
    const filter = bracketed('filter', step.trim());
    if (filter === undefined) {
      throw refuse(step);
    }
    condition = both(condition, conditionOf(context, table, { ...options, filter }));
  }
  const grouped = bracketed('groupby', last);
  if (grouped === undefined) {
    return { condition, groups: [], measures: readMeasures(table, last) };
  }
  const [groups = '', measures] = splitOutsideBrackets(grouped, ',');
  return {
    condition,
    groups: readGroups(table, groups.trim()),
    measures: measures === undefined ? [] : readMeasures(table, measures.trim()),
  };
}

function orderSql(plan: Plan, options: QueryOptions): string {
  const items = options.order.map(({ property, isDescending }) => {
    const index = plan.groups.findIndex((column) => column.property === property);
    if (index < 0) {
      throw badQuery('The query node SingleValueOpenPropertyAccess is not supported.');
    }
    return `g${index}${isDescending ? ' DESC' : ''}`;
  });
  return items.length === 0 ? '' : ` ORDER BY ${items.join(', ')}`;
}

function requireBounded(context: ApiContext, table: Table, { condition }: Plan): void {
  const sql = `SELECT count(*) AS n FROM (SELECT 1 FROM ${rowsTable(table.name)} r WHERE ${condition.text} LIMIT ${maxRows + 1})`;
  if (Number(context.store.prepare(sql).get(...condition.values)?.['n'] ?? 0) > maxRows) {
    throw new DataverseError(
      400,
      '0x8004e023',
      'AggregateQueryRecordLimit exceeded. Cannot perform this operation.',
    );
  }
}

function groupValue(column: Column, value: unknown): unknown {
  return column.type === 'boolean' && value !== null ? value === 1 : value;
}

/** `GET contacts?$apply=..`: sums, averages, bounds and counts, whole or by groups. */
export function aggregateRows(
  context: ApiContext,
  table: Table,
  options: QueryOptions,
): ApiResponse {
  const plan = readPlan(context, table, options);
  requireBounded(context, table, plan);
  const { groups, measures, condition } = plan;
  const keys = groups.map((column) => {
    const sql = columnSql(table, column, 'r');
    return { sql, key: families[column.type] === 'text' ? `fold(${sql})` : sql };
  });
  const fields = [
    ...keys.map(({ sql }, index) => `min(${sql}) AS g${index}`),
    ...measures.map(({ sql }, index) => `${sql} AS m${index}`),
  ];
  const grouping = keys.length === 0 ? '' : ` GROUP BY ${keys.map(({ key }) => key).join(', ')}`;
  const sql = `SELECT ${fields.join(', ')} FROM ${rowsTable(table.name)} r WHERE ${condition.text}${grouping}${orderSql(plan, options)}`;
  const found = context.store.prepare(sql).all(...condition.values);
  const value = found.map((row) =>
    Object.fromEntries([
      ...groups.map((column, index) => [column.property, groupValue(column, row[`g${index}`])]),
      ...measures.map(({ alias }, index) => [alias, row[`m${index}`]]),
    ]),
  );
  return jsonResponse(200, {
    '@odata.context': `${context.baseUrl}$metadata#${table.entitySet}`,
    value: value.slice(0, options.top ?? value.length),
  });
}
