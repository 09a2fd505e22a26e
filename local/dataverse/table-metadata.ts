import { attributeMetadata, label, type MetadataObject } from './attribute-metadata.ts';
import { manyToMany } from './customizations/relationship-definitions.ts';
import { keyStatus, namedGuid } from './key-index.ts';
import { type Model, relationshipName, type Table, type TableKey } from './model.ts';
import { odataProviderId } from './virtual/data-sources.ts';

export function keyId(table: Table, key: TableKey): string {
  return namedGuid(`key ${table.name}.${key.name}`);
}

export function keyMetadata(table: Table, key: TableKey, now: number): MetadataObject {
  return {
    MetadataId: keyId(table, key),
    SchemaName: key.name,
    LogicalName: key.name.toLowerCase(),
    EntityLogicalName: table.name,
    DisplayName: label(key.name),
    KeyAttributes: key.columns.map((column) => column.name),
    EntityKeyIndexStatus: keyStatus(key, now),
    IsManaged: false,
  };
}

export function manyToOne(model: Model, table: Table): readonly MetadataObject[] {
  const lookups = [...table.columns.values()].flatMap((column) =>
    [...column.navigations].map(([target, name]) => ({ column, target, name })),
  );
  return lookups.map(({ name, column, target }) => ({
    MetadataId: namedGuid(`relationship ${table.name}.${column.name}.${target}`),
    SchemaName: relationshipName(table, column, target),
    RelationshipType: 'OneToManyRelationship',
    ReferencedEntity: target,
    ReferencedAttribute: model.tables.get(target)?.primaryId ?? `${target}id`,
    ReferencedEntityNavigationPropertyName: relationshipName(table, column, target),
    ReferencingEntity: table.name,
    ReferencingAttribute: column.name,
    ReferencingEntityNavigationPropertyName: name,
    CascadeConfiguration: { Delete: 'RemoveLink' },
  }));
}

function oneToMany(model: Model, table: Table): readonly MetadataObject[] {
  const owners = new Set((model.incoming.get(table.name) ?? []).map((incoming) => incoming.table));
  return [...owners]
    .flatMap((owner) => manyToOne(model, owner))
    .filter((relationship) => relationship['ReferencedEntity'] === table.name);
}

/** `EntityMetadata` of one table, without its collections. */
export function tableMetadata(table: Table): MetadataObject {
  return {
    MetadataId: namedGuid(`table ${table.name}`),
    LogicalName: table.name,
    SchemaName: table.schemaName,
    LogicalCollectionName: table.entitySet,
    EntitySetName: table.entitySet,
    DisplayName: label(table.display),
    PrimaryIdAttribute: table.primaryId,
    PrimaryNameAttribute: table.primaryName ?? null,
    ChangeTrackingEnabled: table.changeTracking,
    IsOptimisticConcurrencyEnabled: table.optimisticConcurrency,
    IsCustomEntity: table.name.includes('_'),
    IsActivity: table.primaryId === 'activityid',
    OwnershipType: table.type === 'Virtual' ? 'OrganizationOwned' : 'UserOwned',
    TableType: table.type,
    DataProviderId: table.external === undefined ? null : odataProviderId,
    DataSourceId: table.external?.dataSource ?? null,
    ExternalName: table.external?.name ?? null,
    ExternalCollectionName: table.external?.collection ?? null,
  };
}

export const collections = [
  'Attributes',
  'Keys',
  'ManyToOneRelationships',
  'OneToManyRelationships',
  'ManyToManyRelationships',
] as const;
export type Collection = (typeof collections)[number];

/** The members of one collection of a table's metadata. */
export function collectionOf(
  model: Model,
  table: Table,
  place: { readonly collection: Collection; readonly now: number },
): readonly MetadataObject[] {
  switch (place.collection) {
    case 'Attributes':
      return [...table.columns.values()].map((column) => attributeMetadata(table, column));
    case 'Keys':
      return [...table.keys.values()].map((key) => keyMetadata(table, key, place.now));
    case 'ManyToOneRelationships':
      return manyToOne(model, table);
    case 'OneToManyRelationships':
      return oneToMany(model, table);
    case 'ManyToManyRelationships':
      return model.intersections.filter(({ sides }) => sides.includes(table.name)).map(manyToMany);
  }
}
