import { z } from 'zod';
import type { ApiContext } from '../api-context.ts';
import type { Table } from '../model.ts';
import { commonForm } from './attribute-form.ts';
import { refused } from './refusal.ts';
import { labelSchema, requireCustomName } from './schema-name.ts';

const longestRelationship = 100;
const longestColumn = 50;

export const lookupSchema = z.object({
  SchemaName: z.string().min(1),
  DisplayName: labelSchema.nullish(),
  RequiredLevel: z.object({ Value: z.string() }).nullish(),
});

export const oneToManySchema = z.object({
  SchemaName: z.string().min(1),
  ReferencedEntity: z.string(),
  ReferencedAttribute: z.string().nullish(),
  ReferencingEntity: z.string(),
  ReferencingEntityNavigationPropertyName: z.string().nullish(),
  Lookup: lookupSchema.nullish(),
});

export const manyToManySchema = z.object({
  SchemaName: z.string().min(1),
  Entity1LogicalName: z.string(),
  Entity2LogicalName: z.string(),
  IntersectEntityName: z.string().nullish(),
});

export type OneToMany = z.infer<typeof oneToManySchema>;
export type Lookup = z.infer<typeof lookupSchema>;

export function tableNamed(context: ApiContext, name: string): Table {
  const table = context.model.tables.get(name);
  if (table === undefined) {
    throw refused(`There is no table ${name}.`);
  }
  return table;
}

/** Schema names of all relationships. */
export function isRelationshipTaken({ model }: ApiContext, schemaName: string): boolean {
  const wanted = schemaName.toLowerCase();
  const ofLookups = [...model.tables.values()].some((table) =>
    [...table.columns.values()].some((column) =>
      [...column.relationships.values()].some((name) => name.toLowerCase() === wanted),
    ),
  );
  return ofLookups || model.intersections.some(({ name }) => name.toLowerCase() === wanted);
}

export function requireRelationshipName(context: ApiContext, schemaName: string): void {
  requireCustomName('relationship', schemaName, longestRelationship);
  if (isRelationshipTaken(context, schemaName)) {
    throw refused(
      'A relationship with the specified name already exists. Please specify a unique name.',
      '0x8004432b',
    );
  }
}

/** The table that the relationship points at; throws 400 for a column that is not its primary id. */
export function referencedTable(context: ApiContext, relationship: OneToMany): Table {
  const target = tableNamed(context, relationship.ReferencedEntity);
  const { ReferencedAttribute } = relationship;
  if (ReferencedAttribute != null && ReferencedAttribute !== target.primaryId) {
    throw refused(`ReferencedAttribute of ${relationship.SchemaName} is ${target.primaryId}.`);
  }
  return target;
}

/** Checks a new lookup's name and gives the members of its form that do not depend on targets. */
export function lookupForm(lookup: Lookup): ReturnType<typeof commonForm> & { type: 'lookup' } {
  requireCustomName('column', lookup.SchemaName, longestColumn);
  return { type: 'lookup', ...commonForm(lookup) };
}
