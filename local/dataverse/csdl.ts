import { edmType } from './column-value.ts';
import type { Column, Model, Table } from './model.ts';

function property(column: Column): string {
  return `<Property Name="${column.property}" Type="${edmType(column.type)}"/>`;
}

function entityType(model: Model, table: Table): string {
  const properties = [...table.columns.values()].map(property);
  const singles = [...table.navigations.values()].map(
    ({ name, target, column }) =>
      `<NavigationProperty Name="${name}" Type="mscrm.${target}"><ReferentialConstraint Property="${column.property}" ReferencedProperty="${model.tables.get(target)?.primaryId ?? `${target}id`}"/></NavigationProperty>`,
  );
  const collections = (model.incoming.get(table.name) ?? []).map(
    ({ collection, table: owner }) =>
      `<NavigationProperty Name="${collection}" Type="Collection(mscrm.${owner.name})"/>`,
  );
  return `<EntityType Name="${table.name}"><Key><PropertyRef Name="${table.primaryId}"/></Key>${[...properties, ...singles, ...collections].join('')}</EntityType>`;
}

/** The CSDL of `$metadata`: types, keys, navigation properties and entity sets. */
export function metadataDocument(model: Model): string {
  const tables = [...model.tables.values()];
  const types = tables.map((table) => entityType(model, table)).join('');
  const sets = tables
    .map((table) => `<EntitySet Name="${table.entitySet}" EntityType="mscrm.${table.name}"/>`)
    .join('');
  return `<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices><Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">${types}<EntityContainer Name="System">${sets}</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>`;
}
