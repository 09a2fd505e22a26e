import { dayText, isTooEarly, utcText } from './date-value.ts';
import type { Column, Table } from './model.ts';
import type { ColumnType } from './model-schema.ts';
import { badPayload, DataverseError } from './protocol-error.ts';
import type { Scalar } from './row.ts';

const edmTypes: Readonly<Record<ColumnType, string>> = {
  string: 'Edm.String',
  memo: 'Edm.String',
  integer: 'Edm.Int32',
  bigint: 'Edm.Int64',
  decimal: 'Edm.Decimal',
  double: 'Edm.Double',
  money: 'Edm.Decimal',
  boolean: 'Edm.Boolean',
  datetime: 'Edm.DateTimeOffset',
  date: 'Edm.Date',
  choice: 'Edm.Int32',
  multichoice: 'Edm.String',
  lookup: 'Edm.Guid',
  guid: 'Edm.Guid',
};

export function edmType(type: ColumnType): string {
  return edmTypes[type];
}

const guidForm = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isGuid(text: string): boolean {
  return guidForm.test(text);
}

interface Place {
  readonly table: Table;
  readonly column: Column;
}

function wrongType({ table, column }: Place): DataverseError {
  return badPayload(
    table.entitySet,
    `Microsoft.OData.ODataException: Cannot convert the value of the property '${column.name}' to the expected type '${edmType(column.type)}'.`,
  );
}

function text(value: unknown, place: Place): string {
  if (typeof value !== 'string') {
    throw wrongType(place);
  }
  const { maxLength } = place.column;
  if (maxLength !== undefined && value.length > maxLength) {
    throw new DataverseError(
      400,
      '0x80044331',
      `A validation error occurred. The length of the '${place.column.name}' attribute of the '${place.table.name}' entity exceeded the maximum allowed length of '${maxLength}'.`,
    );
  }
  return value;
}

function wholeNumber(value: unknown, place: Place): number {
  const limit = place.column.type === 'bigint' ? Number.MAX_SAFE_INTEGER : 2_147_483_647;
  if (typeof value !== 'number' || !Number.isInteger(value) || Math.abs(value) > limit) {
    throw wrongType(place);
  }
  return value;
}

function anyNumber(value: unknown, place: Place): number {
  if (typeof value !== 'number') {
    throw wrongType(place);
  }
  return value;
}

function checkOption(value: number, { table, column }: Place): number {
  if (column.options !== undefined && !column.options.has(value)) {
    throw new DataverseError(
      400,
      '0x8004431a',
      `A validation error occurred. The value ${value} of '${column.name}' on record of type '${table.name}' is outside the valid range. Accepted Values: ${[...column.options.keys()].join(',')}`,
    );
  }
  return value;
}

function multiChoice(value: unknown, place: Place): string {
  if (typeof value !== 'string' || !/^-?\d+(,-?\d+)*$/.test(value)) {
    throw wrongType(place);
  }
  const values = value.split(',').map((part) => checkOption(Number(part), place));
  return values.sort((left, right) => left - right).join(',');
}

function date(value: unknown, place: Place): string {
  const toText = place.column.type === 'date' ? dayText : utcText;
  const moment = typeof value === 'string' ? toText(value) : undefined;
  if (moment === undefined) {
    throw wrongType(place);
  }
  if (isTooEarly(moment)) {
    throw new DataverseError(
      400,
      '0x80040239',
      `DateTime is less than minimum value supported by CrmDateTime. Actual value of '${place.column.name}' is before 01/01/1753 00:00:00.`,
    );
  }
  return moment;
}

function guid(value: unknown, place: Place): string {
  if (typeof value !== 'string' || !isGuid(value)) {
    throw wrongType(place);
  }
  return value.toLowerCase();
}

function boolean(value: unknown, place: Place): boolean {
  if (typeof value !== 'boolean') {
    throw wrongType(place);
  }
  return value;
}

const checks: Readonly<Record<ColumnType, (value: unknown, place: Place) => Scalar>> = {
  string: text,
  memo: text,
  integer: wholeNumber,
  bigint: wholeNumber,
  decimal: anyNumber,
  double: anyNumber,
  money: anyNumber,
  boolean,
  datetime: date,
  date,
  choice: (value, place) => checkOption(wholeNumber(value, place), place),
  multichoice: multiChoice,
  lookup: guid,
  guid,
};

/**
 * The value to store for a value sent, null to clear. An empty text is null, as
 * in Dataverse. Throws the Web API's 400 for a wrong type, a text over its
 * length and a choice that does not exist.
 */
export function storedValue(value: unknown, table: Table, column: Column): Scalar | null {
  if (value === null || value === '') {
    return null;
  }
  return checks[column.type](value, { table, column });
}
