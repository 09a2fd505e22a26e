import { type DateRange, dateFunctions, dayFunctions, valueCount } from './date-range.ts';
import { utcText } from './date-value.ts';
import type { Filter } from './filter-tree.ts';
import { families, type SqlValue } from './filter-values.ts';
import type { Column } from './model.ts';
import { badQuery, notImplemented } from './protocol-error.ts';

/** Whom the functions about the present user mean. */
export interface QueryIdentity {
  readonly userId: string;
  readonly businessUnitId: string;
  readonly teams: () => readonly string[];
}

export interface QueryPlace {
  readonly column: Column;
  /** SQL of the column. */
  readonly side: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly identity: QueryIdentity;
}

interface Sql {
  readonly text: string;
  readonly values: readonly SqlValue[];
}

type QueryFilter = Filter & { readonly kind: 'query' };
type ToSql = (filter: QueryFilter, place: QueryPlace) => Sql;

function iso(moment: number): string {
  return `${new Date(moment).toISOString().slice(0, 19)}Z`;
}

function mismatch(name: string, column: Column): Error {
  return badQuery(
    `The query function '${name}' cannot be applied to the column '${column.property}'.`,
  );
}

function rangeSql(name: string, { column, side }: QueryPlace, { from, to }: DateRange): Sql {
  if (families[column.type] !== 'date') {
    throw mismatch(name, column);
  }
  const moment = column.type === 'date' ? `(${side} || 'T00:00:00Z')` : side;
  const parts = [
    ...(from === undefined ? [] : [{ text: `${moment} >= ?`, value: iso(from) }]),
    ...(to === undefined ? [] : [{ text: `${moment} < ?`, value: iso(to) }]),
  ];
  return {
    text: `(${parts.map(({ text }) => text).join(' AND ')})`,
    values: parts.map(({ value }) => value),
  };
}

function wholeNumbers({ name, values }: QueryFilter): readonly number[] {
  const numbers = values.map(Number);
  const isWhole = numbers.every((value) => Number.isInteger(value) && Math.abs(value) < 10_000);
  if (!isWhole || numbers.length !== valueCount(name)) {
    throw badQuery(`The query function '${name}' takes ${valueCount(name)} whole numbers.`);
  }
  return numbers;
}

const byDates: ToSql = (filter, place) => {
  const [first = 0, second = 0] = wholeNumbers(filter);
  const range = dateFunctions[filter.name]?.(place.now, first, second) ?? {};
  return rangeSql(filter.name, place, range);
};

const byDay: ToSql = (filter, place) => {
  const moment = Date.parse(utcText(filter.values[0] ?? '') ?? '');
  if (Number.isNaN(moment)) {
    throw badQuery(`The query function '${filter.name}' takes a date.`);
  }
  return rangeSql(filter.name, place, dayFunctions[filter.name]?.(moment) ?? {});
};

const inFiscalPeriod: ToSql = (filter, place) => {
  const index = Number(filter.values[0]);
  if (families[place.column.type] !== 'date' || !Number.isInteger(index)) {
    throw mismatch(filter.name, place.column);
  }
  const month = `CAST(substr(${place.side},6,2) AS INTEGER)`;
  return { text: `${month} BETWEEN ? AND ?`, values: [index * 3 - 2, index * 3] };
};

/** A multi-choice holds any of the values. */
const containValues: ToSql = ({ name, values }, { column, side }) => {
  if (column.type !== 'multichoice') {
    throw mismatch(name, column);
  }
  const tests = values.map(() => `instr(',' || ${side} || ',', ?) > 0`);
  return { text: `(${tests.join(' OR ') || '0'})`, values: values.map((value) => `,${value},`) };
};

const isOneOf =
  (ids: (identity: QueryIdentity) => readonly string[]): ToSql =>
  ({ name }, { column, side, identity }) => {
    if (families[column.type] !== 'guid') {
      throw mismatch(name, column);
    }
    return {
      text: `${side} IN (SELECT value FROM json_each(?))`,
      values: [JSON.stringify(ids(identity))],
    };
  };

const not =
  (positive: ToSql): ToSql =>
  (filter, place) => {
    const { text, values } = positive(filter, place);
    return { text: `NOT ifnull(${text},0)`, values };
  };

const contains: ToSql = ({ name, values }, { column, side }) => {
  if (families[column.type] !== 'text') {
    throw mismatch(name, column);
  }
  return { text: `matches(${side},?)`, values: [`%${values[0] ?? ''}%`] };
};

const isUser = isOneOf(({ userId }) => [userId]);
const isUnit = isOneOf(({ businessUnitId }) => [businessUnitId]);

const others: Readonly<Record<string, ToSql>> = {
  Contains: contains,
  ContainValues: containValues,
  DoesNotContainValues: not(containValues),
  EqualUserId: isUser,
  NotEqualUserId: not(isUser),
  EqualBusinessId: isUnit,
  NotEqualBusinessId: not(isUnit),
  EqualUserTeams: isOneOf(({ teams }) => teams()),
  EqualUserOrUserTeams: isOneOf(({ userId, teams }) => [userId, ...teams()]),
  InFiscalPeriod: inFiscalPeriod,
};

/** Functions of the service that need what the stand-in does not have: hierarchies and languages. */
const missing: ReadonlySet<string> = new Set([
  'Above',
  'AboveOrEqual',
  'Under',
  'UnderOrEqual',
  'NotUnder',
  'EqualRoleBusinessId',
  'EqualUserLanguage',
  'EqualUserOrUserHierarchy',
  'EqualUserOrUserHierarchyAndTeams',
]);

function functionNamed(name: string): ToSql | undefined {
  if (Object.hasOwn(dateFunctions, name)) {
    return byDates;
  }
  if (Object.hasOwn(dayFunctions, name)) {
    return byDay;
  }
  return Object.hasOwn(others, name) ? others[name] : undefined;
}

/** Throws 501 for functions the stand-in lacks and 400 for names that are none. */
export function requireQueryFunction(name: string): void {
  if (missing.has(name)) {
    throw notImplemented(`the query function Microsoft.Dynamics.CRM.${name}`);
  }
  if (functionNamed(name) === undefined) {
    throw badQuery(`An unknown function with name 'Microsoft.Dynamics.CRM.${name}' was found.`);
  }
}

/**
 * The condition of a query function. Days, weeks (from Sunday) and months are
 * those of UTC; the fiscal year is the calendar year in quarters.
 */
export function queryFunctionSql(filter: QueryFilter, place: QueryPlace): Sql {
  const toSql = functionNamed(filter.name);
  if (toSql === undefined) {
    throw notImplemented(`the query function ${filter.name}`);
  }
  return toSql(filter, place);
}
