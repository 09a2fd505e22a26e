import { edmType, isGuid } from './column-value.ts';
import { dayText, utcText } from './date-value.ts';
import type { Comparison } from './filter-tree.ts';
import type { Column } from './model.ts';
import type { ColumnType } from './model-schema.ts';
import { badQuery } from './protocol-error.ts';
import type { Literal } from './resource-path.ts';
import type { Scalar } from './row.ts';
import { fold } from './text-comparison.ts';

export type SqlValue = string | number;

/** Types that compare with each other. */
export type Family = 'text' | 'number' | 'boolean' | 'guid' | 'date';

export const families: Readonly<Record<ColumnType, Family>> = {
  string: 'text',
  memo: 'text',
  multichoice: 'text',
  integer: 'number',
  bigint: 'number',
  decimal: 'number',
  double: 'number',
  money: 'number',
  choice: 'number',
  boolean: 'boolean',
  datetime: 'date',
  date: 'date',
  lookup: 'guid',
  guid: 'guid',
};

export const operatorNames: Readonly<Record<Comparison, string>> = {
  eq: 'Equal',
  ne: 'NotEqual',
  gt: 'GreaterThan',
  ge: 'GreaterThanOrEqual',
  lt: 'LessThan',
  le: 'LessThanOrEqual',
};

const literalTypes: Readonly<Record<Literal['kind'], string>> = {
  text: 'Edm.String',
  number: 'Edm.Int32',
  guid: 'Edm.Guid',
  date: 'Edm.DateTimeOffset',
  boolean: 'Edm.Boolean',
  null: 'Edm.Null',
};

/** The refusal of a literal whose type does not fit the column. */
export function incompatible(column: Column, literal: Literal, operator: Comparison): Error {
  return badQuery(
    `A binary operator with incompatible types was detected. Found operand types '${edmType(column.type)}' and '${literalTypes[literal.kind]}' for operator kind '${operatorNames[operator]}'.`,
  );
}

function bound(value: Scalar): SqlValue {
  return typeof value === 'boolean' ? Number(value) : value;
}

/** The literal as the column keeps it, or undefined when its type does not fit. */
export function literalValue(literal: Literal, column: Column): SqlValue | undefined {
  if (literal.kind === 'null' || literal.kind !== families[column.type]) {
    return undefined;
  }
  if (literal.kind === 'date') {
    return column.type === 'date' ? dayText(literal.value) : utcText(literal.value);
  }
  return literal.kind === 'text' ? fold(literal.value) : bound(literal.value);
}

/** A value of an `In` list, as the column keeps it; 400 when it cannot be one. */
export function listValue(text: string, column: Column): SqlValue {
  const family = families[column.type];
  const readers: Readonly<Record<Family, () => SqlValue | undefined>> = {
    text: () => fold(text),
    number: () => (text.trim() === '' || Number.isNaN(Number(text)) ? undefined : Number(text)),
    boolean: () => ['false', 'true'].indexOf(text.toLowerCase()),
    guid: () => (isGuid(text) ? text.toLowerCase() : undefined),
    date: () => (column.type === 'date' ? dayText(text) : utcText(text)),
  };
  const value = readers[family]();
  if (value === undefined || (family === 'boolean' && value === -1)) {
    throw badQuery(
      `A value of the list for '${column.property}' is not of type '${edmType(column.type)}'.`,
    );
  }
  return value;
}
