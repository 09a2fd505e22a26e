import type { Column, Table } from '../model.ts';
import { lookupTarget, type RowValues, type Scalar } from '../row.ts';

const contracts = 'http://schemas.microsoft.com/xrm/2011/Contracts';

export interface Pair {
  readonly key: string;
  readonly value: unknown;
}

/** The date form of data contract JSON. */
export function dateJson(milliseconds: number): string {
  return `/Date(${milliseconds})/`;
}

export function referenceJson(logicalName: string, id: string, name: string | null = null): object {
  return {
    __type: `EntityReference:${contracts}`,
    Id: id,
    KeyAttributes: [],
    LogicalName: logicalName,
    Name: name,
    RowVersion: null,
  };
}

function optionJson(value: number): object {
  return { __type: `OptionSetValue:${contracts}`, Value: value };
}

function valueJson(column: Column, value: Scalar, values: RowValues): unknown {
  switch (column.type) {
    case 'choice':
      return optionJson(Number(value));
    case 'multichoice':
      return String(value)
        .split(',')
        .map((part) => optionJson(Number(part)));
    case 'money':
      return { __type: `Money:${contracts}`, Value: value };
    case 'date':
    case 'datetime':
      return dateJson(Date.parse(String(value)));
    case 'lookup':
      return referenceJson(lookupTarget(column, values), String(value));
    default:
      return value;
  }
}

export interface EntityFacts {
  readonly table: Table;
  readonly id: string;
  readonly values: RowValues;
  /** Columns to tell; undefined: all that have a value. */
  readonly names?: Iterable<string> | undefined;
}

function attributes({ table, id, values, names }: EntityFacts): readonly Pair[] {
  const told = [...new Set(names ?? Object.keys(values))].flatMap((name): readonly Pair[] => {
    const column = table.columns.get(name);
    const value = values[name];
    if (column === undefined || name === table.primaryId) {
      return [];
    }
    return [{ key: name, value: value === undefined ? null : valueJson(column, value, values) }];
  });
  return [...told, { key: table.primaryId, value: id }];
}

/** `Entity` as an execution context carries it (facts A10): lists of keys and values. */
export function entityJson(facts: EntityFacts): object {
  return {
    __type: `Entity:${contracts}`,
    Attributes: attributes(facts),
    EntityState: null,
    FormattedValues: [],
    Id: facts.id,
    KeyAttributes: [],
    LogicalName: facts.table.name,
    RelatedEntities: [],
    RowVersion: null,
  };
}

export function collectionJson(table: Table, entities: readonly object[]): object {
  return {
    __type: `EntityCollection:${contracts}`,
    Entities: entities,
    EntityName: table.name,
    MinActiveRowVersion: null,
    MoreRecords: false,
    PagingCookie: null,
    TotalRecordCount: -1,
    TotalRecordCountLimitExceeded: false,
  };
}
