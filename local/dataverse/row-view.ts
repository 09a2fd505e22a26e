import type { ApiContext } from './api-context.ts';
import { publicId } from './elastic/partition.ts';
import type { Column, IncomingLookup, Navigation, Table } from './model.ts';
import { unknownProperty } from './protocol-error.ts';
import type { ExpandItem, QueryOptions } from './query-options.ts';
import { etagOf, lookupTarget, type Row, type Scalar } from './row.ts';
import { mayRead } from './security/authorize.ts';
import { both, conditionOf, selectRows } from './select-rows.ts';

type View = Record<string, unknown>;

interface Expansion {
  readonly fill: (view: View, row: Row) => void;
}

/** Turns rows of one table into the JSON of a response; made once per request. */
export interface RowRenderer {
  readonly render: (row: Row) => View;
  /** The part of `@odata.context` in brackets, empty for whole rows. */
  readonly selection: string;
}

const formattedName = 'OData.Community.Display.V1.FormattedValue';
const targetName = 'Microsoft.Dynamics.CRM.lookuplogicalname';
const navigationName = 'Microsoft.Dynamics.CRM.associatednavigationproperty';

function allows(patterns: readonly string[], name: string): boolean {
  return patterns.some(
    (pattern) =>
      pattern === name || (pattern.endsWith('*') && name.startsWith(pattern.slice(0, -1))),
  );
}

function selectedColumns(table: Table, select: readonly string[] | undefined): readonly Column[] {
  if (select === undefined) {
    return [...table.columns.values()].filter((column) => column.name !== table.primaryId);
  }
  const columns = select.map((name) => {
    const column = table.properties.get(name) ?? table.navigations.get(name)?.column;
    if (column === undefined) {
      throw unknownProperty(name, table.name);
    }
    return column;
  });
  return [...new Set(columns)].filter((column) => column.name !== table.primaryId);
}

function columnValue(row: Row, column: Column): Scalar | null {
  return column.name === 'versionnumber' ? row.version : (row.values[column.name] ?? null);
}

function primaryNameOf(context: ApiContext, table: string, id: string): string | undefined {
  const target = context.model.tables.get(table);
  const name = target?.primaryName && context.store.get(target, id)?.values[target.primaryName];
  return name === undefined ? undefined : String(name);
}

function optionLabels(column: Column, value: Scalar): string | undefined {
  const labels = String(value)
    .split(',')
    .map((part) => column.options?.get(Number(part)));
  return labels.every((label) => label !== undefined) ? labels.join('; ') : undefined;
}

function formatted(context: ApiContext, row: Row, column: Column): string | undefined {
  const value = row.values[column.name];
  switch (column.type) {
    case 'choice':
    case 'multichoice':
      return value === undefined ? undefined : optionLabels(column, value);
    case 'boolean':
      return value ? 'Yes' : 'No';
    case 'lookup':
      return primaryNameOf(context, lookupTarget(column, row.values), String(value));
    case 'integer':
    case 'decimal':
    case 'double':
    case 'money':
      return value?.toLocaleString('en-US');
    default:
      return undefined;
  }
}

function annotate(view: View, column: Column, row: Row, options: RenderOptions): void {
  const { context, annotations } = options;
  if (row.values[column.name] === undefined) {
    return;
  }
  if (allows(annotations, formattedName)) {
    const text = formatted(context, row, column);
    if (text !== undefined) {
      view[`${column.property}@${formattedName}`] = text;
    }
  }
  if (column.type === 'lookup') {
    const target = lookupTarget(column, row.values);
    if (allows(annotations, navigationName)) {
      view[`${column.property}@${navigationName}`] = column.navigations.get(target) ?? column.name;
    }
    if (allows(annotations, targetName)) {
      view[`${column.property}@${targetName}`] = target;
    }
  }
}

interface RenderOptions {
  readonly context: ApiContext;
  readonly annotations: readonly string[];
  /** Rows of a page of an expanded collection; default the largest. */
  readonly pageSize?: number | undefined;
}

const maxPage = 5000;

function expandOne(navigation: Navigation, item: ExpandItem, options: RenderOptions): Expansion {
  const { context } = options;
  const target = context.model.tables.get(navigation.target);
  if (target === undefined) {
    return { fill: (view) => Object.assign(view, { [navigation.name]: null }) };
  }
  const { render } = rowRenderer(target, item.options, options);
  return {
    fill: (view, row) => {
      const id = row.values[navigation.column.name];
      const isThere = lookupTarget(navigation.column, row.values) === navigation.target;
      const related =
        isThere && id !== undefined ? context.store.get(target, String(id)) : undefined;
      const isSeen = related !== undefined && mayRead(context.caller, target, related);
      view[navigation.name] = isSeen ? render(related) : null;
    },
  };
}

/** Facts A8: an expanded collection carries its own link to the next page. */
function expandMany(
  place: { readonly owner: Table; readonly incoming: IncomingLookup },
  item: ExpandItem,
  options: RenderOptions,
): Expansion {
  const { owner, incoming } = place;
  const { context } = options;
  const { table, column } = incoming;
  const { render } = rowRenderer(table, item.options, options);
  const condition = conditionOf(context, table, item.options);
  const { collection } = incoming;
  const { top } = item.options;
  return {
    fill: (view, row) => {
      const { rows, next } = selectRows(context, {
        table,
        condition: both(linkCondition(context, column, row.id), condition),
        order: item.options.order,
        limit: Math.min(top ?? options.pageSize ?? maxPage, maxPage),
        cursor: {},
      });
      view[collection] = rows.map(render);
      if (next !== undefined && top === undefined) {
        const token = Buffer.from(JSON.stringify(next)).toString('base64url');
        const query = [...item.query, `$skiptoken=${token}`].join('&');
        const at = `${context.baseUrl}${owner.entitySet}(${row.id})/${collection}`;
        view[`${collection}@odata.nextLink`] = `${at}?${query}`;
      }
    },
  };
}

/** The rows whose lookup holds this id. */
export function linkCondition(
  context: ApiContext,
  column: Column,
  id: string,
): { readonly text: string; readonly values: readonly (string | number)[] } {
  const slot = context.store.links.slotOf(column);
  return slot === undefined
    ? { text: `json_extract(r.body,'$."${column.name}"') = ?`, values: [id] }
    : { text: 'r.id IN (SELECT id FROM links WHERE value=? AND slot=?)', values: [id, slot] };
}

function expansionOf(table: Table, item: ExpandItem, options: RenderOptions): Expansion {
  const navigation = table.navigations.get(item.navigation);
  if (navigation !== undefined) {
    return expandOne(navigation, item, options);
  }
  const incoming = options.context.model.incoming
    .get(table.name)
    ?.find((one) => one.collection === item.navigation);
  if (incoming === undefined) {
    throw unknownProperty(item.navigation, table.name);
  }
  return expandMany({ owner: table, incoming }, item, options);
}

/** Checks `$select` and `$expand` and makes the renderer. Throws 400 for unknown names. */
export function rowRenderer(
  table: Table,
  query: QueryOptions,
  options: RenderOptions,
): RowRenderer {
  const columns = selectedColumns(table, query.select);
  const expansions = query.expand.map((item) => expansionOf(table, item, options));
  const isAnnotated = options.annotations.length > 0;
  return {
    selection: query.select === undefined ? '' : `(${query.select.join(',')})`,
    render: (row) => {
      const view: View = { '@odata.etag': etagOf(row.version) };
      for (const column of columns) {
        if (isAnnotated) {
          annotate(view, column, row, options);
        }
        view[column.property] = columnValue(row, column);
      }
      view[table.primaryId] = publicId(table, row);
      for (const expansion of expansions) {
        expansion.fill(view, row);
      }
      return view;
    },
  };
}
