import { edmType } from './column-value.ts';
import { rowsTable } from './database.ts';
import { conditionCost } from './filter-cost.ts';
import type { Comparison, Filter, Operand, Property, TextTest } from './filter-tree.ts';
import {
  families,
  incompatible,
  listValue,
  literalValue,
  operatorNames,
  type SqlValue,
} from './filter-values.ts';
import type { Column, Model, Table } from './model.ts';
import { badQuery, unknownProperty } from './protocol-error.ts';
import { type QueryIdentity, queryFunctionSql } from './query-functions.ts';
import type { Literal } from './resource-path.ts';

export interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

/** What the compiler must know of the store: which columns have an index. */
export interface FilterScope {
  readonly model: Model;
  readonly table: Table;
  /** SQL name of the rows table in the statement. */
  readonly alias: string;
  readonly slotOf: (column: Column) => number | undefined;
  /** How many rows an indexed value selects, counted up to a bound. */
  readonly selects: (slot: number, value: string) => number;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly identity: QueryIdentity;
}

const sqlOperators: Readonly<Record<Comparison, string>> = {
  eq: '=',
  ne: 'IS NOT',
  gt: '>',
  ge: '>=',
  lt: '<',
  le: '<=',
};

const mirrored: Readonly<Record<Comparison, Comparison>> = {
  eq: 'eq',
  ne: 'ne',
  gt: 'lt',
  ge: 'le',
  lt: 'gt',
  le: 'ge',
};

export function columnSql(table: Table, column: Column, alias: string): string {
  if (column.name === table.primaryId) {
    return table.type === 'Elastic'
      ? `json_extract(${alias}.body,'$."${column.name}"')`
      : `${alias}.id`;
  }
  return column.name === 'versionnumber'
    ? `${alias}.version`
    : `json_extract(${alias}.body,'$."${column.name}"')`;
}

function comparableSql(table: Table, column: Column, alias: string): string {
  const sql = columnSql(table, column, alias);
  return families[column.type] === 'text' ? `fold(${sql})` : sql;
}

/** The column behind a property name; 400 0x0 when the table has none. */
export function propertyColumn(table: Table, name: string): Column {
  const column = table.properties.get(name);
  if (column === undefined) {
    throw unknownProperty(name, table.name);
  }
  return column;
}

function patternFor(test: TextTest, text: string): string {
  const head = test === 'startswith' ? '' : '%';
  const tail = test === 'endswith' ? '' : '%';
  return `${head}${text}${tail}`;
}

function join(parts: readonly Sql[], word: 'AND' | 'OR'): Sql {
  return {
    text: `(${parts.map((part) => part.text).join(` ${word} `)})`,
    values: parts.flatMap((part) => part.values),
  };
}

function negate(sql: Sql): Sql {
  return { text: `NOT ifnull(${sql.text},0)`, values: sql.values };
}

/** Compiles one filter; a null in a comparison counts as false, also under `not`. */
class FilterCompiler {
  readonly #scope: FilterScope;

  constructor(scope: FilterScope) {
    this.#scope = scope;
  }

  compile(filter: Filter, mayUseIndex = true): Sql {
    switch (filter.kind) {
      case 'and':
        return join(this.#conjunction(filter.items, mayUseIndex), 'AND');
      case 'or':
        return join(
          filter.items.map((item) => this.compile(item, mayUseIndex)),
          'OR',
        );
      case 'not':
        return negate(this.compile(filter.item, false));
      case 'compare':
        return this.#compare(filter, mayUseIndex);
      case 'text':
        return this.#within(filter.property, (table, column, alias) => {
          if (families[column.type] !== 'text') {
            throw badQuery(
              `No function signature for the function with name '${filter.test}' matches the specified arguments.`,
            );
          }
          return {
            text: `matches(${columnSql(table, column, alias)},?)`,
            values: [patternFor(filter.test, filter.text)],
          };
        });
      case 'list':
        return this.#list(filter, mayUseIndex);
      case 'query':
        return this.#within(filter.property, (table, column, alias) => {
          const { now, identity } = this.#scope;
          const side = columnSql(table, column, alias);
          return queryFunctionSql(filter, { column, side, now, identity });
        });
      case 'lambda':
        return this.#lambda(filter);
    }
  }

  /** Asks the rows whose lookup leads here; a collection without rows fits every `all`. */
  #lambda({ collection, test, item }: Filter & { kind: 'lambda' }): Sql {
    const { model, table, alias, slotOf } = this.#scope;
    const incoming = model.incoming.get(table.name)?.find((one) => one.collection === collection);
    if (incoming === undefined) {
      throw unknownProperty(collection, table.name);
    }
    const child = `${alias}x`;
    const scope = { ...this.#scope, table: incoming.table, alias: child };
    const inner =
      item === undefined ? { text: '1', values: [] } : new FilterCompiler(scope).compile(item);
    const wanted = test === 'any' ? inner : negate(inner);
    const slot = slotOf(incoming.column);
    const link =
      slot === undefined
        ? `${columnSql(incoming.table, incoming.column, child)} = ${alias}.id`
        : `${child}.id IN (SELECT id FROM links WHERE value=${alias}.id AND slot=${slot})`;
    const found = `EXISTS (SELECT 1 FROM ${rowsTable(incoming.table.name)} ${child} WHERE ${link} AND ${wanted.text})`;
    return { text: test === 'any' ? found : `NOT ${found}`, values: wanted.values };
  }

  /** Only the most selective indexed condition drives the search; the rest test its rows. */
  #conjunction(items: readonly Filter[], mayUseIndex: boolean): readonly Sql[] {
    const costs = items.map((item) => (mayUseIndex ? conditionCost(item, this.#scope) : undefined));
    const known = costs.filter((cost) => cost !== undefined);
    const best = known.length === 0 ? -1 : costs.indexOf(Math.min(...known));
    return items.map((item, index) =>
      this.compile(item, mayUseIndex && (index === best || costs[index] === undefined)),
    );
  }

  #compare(filter: Filter & { kind: 'compare' }, mayUseIndex: boolean): Sql {
    const { left, right, operator } = filter;
    if (left.kind === 'property' && right.kind === 'property') {
      return this.#columns(left, right, operator);
    }
    if (left.kind === 'literal') {
      if (right.kind === 'literal') {
        throw badQuery('A comparison of $filter needs a property on one side.');
      }
      return this.#compareLiteral(right, left, mirrored[operator], mayUseIndex);
    }
    return this.#compareLiteral(left, right, operator, mayUseIndex);
  }

  #compareLiteral(
    property: Property,
    operand: Operand,
    operator: Comparison,
    mayUseIndex: boolean,
  ): Sql {
    const literal: Literal = operand.kind === 'literal' ? operand.literal : { kind: 'null' };
    return this.#within(property, (table, column, alias) => {
      const sql = comparableSql(table, column, alias);
      if (literal.kind === 'null') {
        const isSet = operator === 'ne';
        return { text: `${sql} IS ${isSet ? 'NOT ' : ''}NULL`, values: [] };
      }
      const value = literalValue(literal, column);
      if (value === undefined) {
        throw incompatible(column, literal, operator);
      }
      const slot = this.#scope.slotOf(column);
      if (mayUseIndex && operator === 'eq' && slot !== undefined) {
        return {
          text: `${alias}.id IN (SELECT id FROM links WHERE value=? AND slot=?)`,
          values: [String(value), slot],
        };
      }
      return { text: `${sql} ${sqlOperators[operator]} ?`, values: [value] };
    });
  }

  #columns(left: Property, right: Property, operator: Comparison): Sql {
    const { table, alias } = this.#scope;
    if (left.navigation !== undefined || right.navigation !== undefined) {
      throw badQuery('Columns of related rows cannot be compared with columns.');
    }
    const leftColumn = propertyColumn(table, left.name);
    const rightColumn = propertyColumn(table, right.name);
    if (families[leftColumn.type] !== families[rightColumn.type]) {
      throw badQuery(
        `A binary operator with incompatible types was detected. Found operand types '${edmType(leftColumn.type)}' and '${edmType(rightColumn.type)}' for operator kind '${operatorNames[operator]}'.`,
      );
    }
    const sides = [leftColumn, rightColumn].map((column) => comparableSql(table, column, alias));
    return { text: `${sides[0]} ${sqlOperators[operator]} ${sides[1]}`, values: [] };
  }

  #list(filter: Filter & { kind: 'list' }, mayUseIndex: boolean): Sql {
    const sql = this.#within(filter.property, (table, column, alias) => {
      const values = filter.values.map((value) => listValue(value, column));
      const isRange = filter.test === 'Between' || filter.test === 'NotBetween';
      const side = comparableSql(table, column, alias);
      if (isRange) {
        const [low = '', high = ''] = values;
        return { text: `(${side} >= ? AND ${side} <= ?)`, values: [low, high] };
      }
      const slot = this.#scope.slotOf(column);
      if (mayUseIndex && filter.test === 'In' && slot !== undefined) {
        return {
          text: `${alias}.id IN (SELECT id FROM links WHERE slot=? AND value IN (SELECT value FROM json_each(?)))`,
          values: [slot, JSON.stringify(values.map(String))],
        };
      }
      return {
        text: `${side} IN (SELECT value FROM json_each(?))`,
        values: [JSON.stringify(values)],
      };
    });
    return filter.test.startsWith('Not') ? negate(sql) : sql;
  }

  /** Runs a condition on the row itself, or on the row its navigation property leads to. */
  #within(
    property: Property,
    condition: (table: Table, column: Column, alias: string) => Sql,
  ): Sql {
    const { table, alias, model } = this.#scope;
    if (property.navigation === undefined) {
      return condition(table, propertyColumn(table, property.name), alias);
    }
    const navigation = table.navigations.get(property.navigation);
    const target = navigation && model.tables.get(navigation.target);
    if (navigation === undefined || target === undefined) {
      throw unknownProperty(property.navigation, table.name);
    }
    const inner = condition(target, propertyColumn(target, property.name), 'n');
    const slot = this.#scope.slotOf(navigation.column);
    const found = `SELECT n.id FROM ${rowsTable(target.name)} n WHERE ${inner.text}`;
    return slot === undefined
      ? {
          text: `${columnSql(table, navigation.column, alias)} IN (${found})`,
          values: inner.values,
        }
      : {
          text: `${alias}.id IN (SELECT id FROM links WHERE value IN (${found}) AND slot=?)`,
          values: [...inner.values, slot],
        };
  }
}

/** Compiles a filter to a condition on the rows of the scope's table. */
export function filterSql(filter: Filter, scope: FilterScope): Sql {
  return new FilterCompiler(scope).compile(filter);
}
