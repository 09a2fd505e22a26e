import type { TestService } from './web-api-client.ts';

/** Definitions that tests send to the metadata. */
export const label = (text: string) => ({ LocalizedLabels: [{ Label: text, LanguageCode: 1033 }] });
export const typed = (type: string, SchemaName: string, more: object = {}) => ({
  '@odata.type': `Microsoft.Dynamics.CRM.${type}AttributeMetadata`,
  ...{ SchemaName, DisplayName: label(SchemaName), ...more },
});
export const options = (...values: readonly [number, string][]) => ({
  Options: values.map(([Value, text]) => ({ Value, Label: label(text) })),
});
export const tableBody = (SchemaName: string) => ({
  '@odata.type': 'Microsoft.Dynamics.CRM.EntityMetadata',
  ...{ SchemaName, DisplayName: label('A'), DisplayCollectionName: label('As') },
  ...{ OwnershipType: 'UserOwned', HasActivities: false, HasNotes: false, IsActivity: false },
  Attributes: [typed('String', 'demo_Name', { IsPrimaryName: true, MaxLength: 200 })],
});
export const relationship = (more: object) => ({
  '@odata.type': 'Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata',
  ...{ SchemaName: 'demo_contact_visit', ReferencedEntity: 'contact' },
  ...{ ReferencedAttribute: 'contactid', ReferencingEntity: 'demo_visit' },
  Lookup: typed('Lookup', 'demo_PatientId'),
  ...more,
});
/** What `OData-EntityId` says after the Web API root. */
export const entityId = (service: TestService, headers: Headers) =>
  (headers.get('odata-entityid') ?? '').slice(service.root.length);

export const errorCode = (json: Readonly<Record<string, unknown>>) => Object(json['error']).code;

export const listOf = (json: Readonly<Record<string, unknown>>) =>
  Array.isArray(json['value']) ? json['value'] : [];
