import type { TableMetadata } from '../../shared/dataverse/index.ts';
import { columnDifferences } from './column-differences.ts';
import { attributeBody, keyBody, lookupRequest, tableBody } from './definition-bodies.ts';
import { sameColumns } from './key-states.ts';
import type { TableFile, WantedColumn, WantedTable } from './table-file.ts';

/** One thing that is missing and can be made. */
export interface Creation {
  readonly kind: 'table' | 'column' | 'lookup' | 'key';
  readonly table: string;
  /** Of the column or key; the table's own for a table. */
  readonly name: string;
  /** Below the Web API root. */
  readonly path: string;
  readonly body: object;
}

/** Something that is there and not as it should be, or that nobody but a person can add. */
export interface Difference {
  readonly place: string;
  readonly problem: string;
}

export interface Plan {
  readonly creations: readonly Creation[];
  readonly differences: readonly Difference[];
}

/** What the organisation says of a table; undefined when it has none of that name. */
export type FindTable = (logicalName: string) => Promise<TableMetadata | undefined>;

const order = { table: 0, column: 1, lookup: 2, key: 3 } as const;

/** Columns with a publisher prefix can be added; others are Dataverse's own. */
const prefixed = /^[a-z][a-z0-9]{1,7}_/;

function definition(table: string): string {
  return `EntityDefinitions(LogicalName='${table}')`;
}

function columnCreation(table: string, name: string, column: WantedColumn): Creation {
  if (column.type === 'lookup') {
    return { kind: 'lookup', table, name, ...lookupRequest(table, name, column) };
  }
  const path = `${definition(table)}/Attributes`;
  return { kind: 'column', table, name, path, body: attributeBody(name, column) };
}

function planColumn(
  place: { readonly table: string; readonly name: string },
  wanted: WantedColumn,
  found: TableMetadata | undefined,
): Plan {
  const { table, name } = place;
  if (found?.columns.has(name)) {
    const differences = columnDifferences({ name, wanted, found });
    return {
      creations: [],
      differences: differences.map((problem) => ({ place: `${table}.${name}`, problem })),
    };
  }
  if (!prefixed.test(name)) {
    const problem = 'is missing, and is a column of Dataverse itself that cannot be added';
    return { creations: [], differences: [{ place: `${table}.${name}`, problem }] };
  }
  return { creations: [columnCreation(table, name, wanted)], differences: [] };
}

function planKeys(table: string, wanted: WantedTable, found: TableMetadata | undefined): Plan {
  const missing = (wanted.keys ?? []).filter(
    (key) => !found?.keys.some((one) => sameColumns(one.columns, key.columns)),
  );
  const creations = missing.map(({ name, columns }): Creation => {
    const path = `${definition(table)}/Keys`;
    return { kind: 'key', table, name, path, body: keyBody(name, columns) };
  });
  return { creations, differences: [] };
}

function planTable(name: string, wanted: WantedTable, found: TableMetadata | undefined): Plan[] {
  const { primaryName } = wanted;
  if (found === undefined && primaryName === undefined) {
    const problem = 'is missing: install the solution that has it';
    return [{ creations: [], differences: [{ place: name, problem }] }];
  }
  const creation: readonly Creation[] =
    found === undefined && primaryName !== undefined
      ? [
          {
            ...{ kind: 'table', table: name, name, path: 'EntityDefinitions' },
            body: tableBody(name, wanted, primaryName),
          },
        ]
      : [];
  const columns = Object.entries(wanted.columns)
    .filter(([column]) => found !== undefined || column !== primaryName)
    .map(([column, form]) => planColumn({ table: name, name: column }, form, found));
  return [{ creations: creation, differences: [] }, ...columns, planKeys(name, wanted, found)];
}

/** Compares the file with the organisation. Creations are in the order in which they can be made. */
export async function planProvision(file: TableFile, find: FindTable): Promise<Plan> {
  const plans: Plan[] = [];
  for (const [name, wanted] of Object.entries(file)) {
    plans.push(...planTable(name, wanted, await find(name)));
  }
  return {
    creations: plans
      .flatMap(({ creations }) => creations)
      .sort((left, right) => order[left.kind] - order[right.kind]),
    differences: plans.flatMap(({ differences }) => differences),
  };
}
