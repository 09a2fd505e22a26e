import { z } from 'zod';
import type { ApiContext } from '../api-context.ts';
import { type ApiRequest, type ApiResponse, emptyResponse, jsonResponse } from '../api-message.ts';
import { namedGuid } from '../key-index.ts';
import { buildTable, type Column, type Table } from '../model.ts';
import type { ColumnForm, TableForm } from '../model-schema.ts';
import { readBody } from '../payload.ts';
import { notImplemented } from '../protocol-error.ts';
import { dropTable, formOf, putColumn, putTable } from './model-changes.ts';
import { columnExists, refused } from './refusal.ts';
import {
  type Lookup,
  lookupForm,
  lookupSchema,
  manyToManySchema,
  type OneToMany,
  oneToManySchema,
  referencedTable,
  requireRelationshipName,
  tableNamed,
} from './relationship-form.ts';
import { readDefinition } from './schema-name.ts';
import { removeColumn } from './write-attributes.ts';

function relationshipId(table: string, column: string, target: string): string {
  return namedGuid(`relationship ${table}.${column}.${target}`);
}

export function intersectionId(name: string): string {
  return namedGuid(`intersection ${name}`);
}

function located(context: ApiContext, id: string): ApiResponse {
  const place = `${context.baseUrl}RelationshipDefinitions(${id})`;
  return emptyResponse(204, { 'OData-EntityId': place });
}

/** Writes a lookup column, new or with one target more, and indexes it. */
function putLookup(context: ApiContext, table: Table, name: string, form: ColumnForm): void {
  context.store.atomic(() =>
    context.customizations.record('column', `${table.name}.${name}`, form),
  );
  const column = putColumn(context.model, table, { name, form });
  context.store.links.add(table, column);
}

/** A lookup with several targets can be given one more (facts A3); a plain one cannot. */
function addTarget(context: ApiContext, table: Table, column: Column, one: OneToMany): void {
  const target = one.ReferencedEntity;
  if (column.targets.length < 2 || column.type !== 'lookup') {
    throw columnExists(table.name, column.name);
  }
  if (column.targets.includes(target)) {
    throw refused(
      `The entity '${target}' cannot be referenced more than once in a polymorphic lookup. Referencing entity '${table.name}', attribute '${column.name}'.`,
      '0x80090424',
    );
  }
  const before = formOf(column);
  const navigation = {
    ...Object.fromEntries(column.navigations),
    [target]: one.ReferencingEntityNavigationPropertyName ?? `${column.schemaName}_${target}`,
  };
  const relationships = { ...before.relationships, [target]: one.SchemaName };
  const targets = [...column.targets, target];
  putLookup(context, table, column.name, { ...before, targets, navigation, relationships });
}

function createOneToMany(context: ApiContext, body: unknown): ApiResponse {
  const one = readDefinition(oneToManySchema, body);
  const { Lookup: lookup } = one;
  if (lookup == null) {
    throw refused(`${one.SchemaName} needs Lookup, the column that the relationship makes.`);
  }
  requireRelationshipName(context, one.SchemaName);
  const target = referencedTable(context, one).name;
  const table = tableNamed(context, one.ReferencingEntity);
  const name = lookup.SchemaName.toLowerCase();
  const known = table.columns.get(name);
  if (known === undefined) {
    const navigation = one.ReferencingEntityNavigationPropertyName ?? lookup.SchemaName;
    const relationships = { [target]: one.SchemaName };
    const form = { ...lookupForm(lookup), targets: [target], navigation, relationships };
    putLookup(context, table, name, form);
  } else {
    addTarget(context, table, known, one);
  }
  return located(context, relationshipId(table.name, name, target));
}

function createManyToMany(context: ApiContext, body: unknown): ApiResponse {
  const many = readDefinition(manyToManySchema, body);
  const sides: [string, string] = [many.Entity1LogicalName, many.Entity2LogicalName];
  if (sides[0] === sides[1]) {
    throw notImplemented('many-to-many relationships of a table with itself');
  }
  requireRelationshipName(context, many.SchemaName);
  const columns = sides.map((side): [string, ColumnForm] => {
    const { name } = tableNamed(context, side);
    return [
      `${name}id`,
      { type: 'lookup', targets: [name], relationships: { [name]: `${many.SchemaName}_${name}` } },
    ];
  });
  const name = (many.IntersectEntityName ?? many.SchemaName).toLowerCase();
  if (context.model.tables.has(name)) {
    throw refused(`There is a table ${name} already: give another IntersectEntityName.`);
  }
  const form: TableForm = {
    schemaName: many.IntersectEntityName ?? many.SchemaName,
    columns: Object.fromEntries(columns),
  };
  const table = buildTable(name, form);
  const intersection = { name: many.SchemaName, table: name, sides };
  context.store.atomic(() => {
    context.customizations.record('table', name, form);
    context.customizations.record('intersection', many.SchemaName, intersection);
    context.store.addTable(table);
  });
  putTable(context.model, table);
  context.model.intersections.push(intersection);
  return located(context, intersectionId(many.SchemaName));
}

/** `POST RelationshipDefinitions`: a lookup column, or a table between two tables. */
export function createRelationship(context: ApiContext, request: ApiRequest): ApiResponse {
  const body = readBody(request.body);
  const type = String(body['@odata.type'] ?? '').replace(/^#/, '');
  switch (type) {
    case 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata':
      return createOneToMany(context, body);
    case 'Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata':
      return createManyToMany(context, body);
    default:
      throw refused(
        '@odata.type of a relationship is that of OneToMany- or ManyToManyRelationshipMetadata.',
      );
  }
}

const polymorphicSchema = z.object({
  OneToManyRelationships: z.array(oneToManySchema).min(1),
  Lookup: lookupSchema,
});

function polymorphicForm(
  context: ApiContext,
  lookup: Lookup,
  ones: readonly OneToMany[],
): ColumnForm {
  const targets = ones.map((one) => referencedTable(context, one).name);
  const byTarget = (value: (one: OneToMany) => string): Record<string, string> =>
    Object.fromEntries(ones.map((one) => [one.ReferencedEntity, value(one)]));
  return {
    ...lookupForm(lookup),
    targets,
    navigation: byTarget(
      (one) =>
        one.ReferencingEntityNavigationPropertyName ??
        `${lookup.SchemaName}_${one.ReferencedEntity}`,
    ),
    relationships: byTarget((one) => one.SchemaName),
  };
}

/** `CreatePolymorphicLookupAttribute`: one lookup column with a relationship to each of several tables. */
export function createPolymorphicLookup(context: ApiContext, request: ApiRequest): ApiResponse {
  const body = readDefinition(polymorphicSchema, readBody(request.body));
  const { Lookup: lookup, OneToManyRelationships: ones } = body;
  const [tableName = '', ...others] = new Set(ones.map((one) => one.ReferencingEntity));
  const targets = new Set(ones.map((one) => one.ReferencedEntity));
  if (others.length > 0 || targets.size < ones.length) {
    throw refused(
      'The relationships of one lookup have one ReferencingEntity, and each its own ReferencedEntity.',
    );
  }
  for (const one of ones) {
    requireRelationshipName(context, one.SchemaName);
  }
  const table = tableNamed(context, tableName);
  const name = lookup.SchemaName.toLowerCase();
  if (table.columns.has(name)) {
    throw columnExists(table.name, name);
  }
  putLookup(context, table, name, polymorphicForm(context, lookup, ones));
  const response = 'Microsoft.Dynamics.CRM.CreatePolymorphicLookupAttributeResponse';
  return jsonResponse(200, {
    '@odata.context': `${context.baseUrl}$metadata#${response}`,
    RelationshipIds: ones.map((one) => relationshipId(table.name, name, one.ReferencedEntity)),
    AttributeId: namedGuid(`attribute ${table.name}.${name}`),
  });
}

/** Takes a relationship away: its lookup column, or for a lookup with more targets that target. */
export function removeOneToMany(
  context: ApiContext,
  { table, column, target }: { table: Table; column: Column; target: string },
): void {
  if (column.relationships.get(target) === undefined) {
    throw refused(
      `The relationship of ${table.name}.${column.name} to ${target} is not a custom one.`,
    );
  }
  if (column.targets.length === 1) {
    removeColumn(context, table, column);
    return;
  }
  const { navigation, relationships, ...before } = formOf(column);
  const without = (names: unknown): Record<string, string> =>
    Object.fromEntries(
      Object.entries(Object(names)).flatMap(([name, value]) =>
        name === target ? [] : [[name, String(value)]],
      ),
    );
  putLookup(context, table, column.name, {
    ...before,
    targets: column.targets.filter((one) => one !== target),
    navigation: without(navigation),
    relationships: without(relationships),
  });
}

export function removeManyToMany(context: ApiContext, name: string): void {
  const { model } = context;
  const index = model.intersections.findIndex((one) => one.name === name);
  const table = model.tables.get(model.intersections[index]?.table ?? '');
  context.store.atomic(() => {
    context.customizations.record('intersection', name);
    if (table !== undefined) {
      context.customizations.record('table', table.name);
      context.store.removeTable(table);
    }
  });
  model.intersections.splice(index, 1);
  if (table !== undefined) {
    dropTable(model, table);
  }
}
