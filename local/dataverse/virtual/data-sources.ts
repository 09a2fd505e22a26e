import type { TableForm } from '../model-schema.ts';

/** Id of Dataverse's own provider for OData v4 services. */
export const odataProviderId = '7015a531-cc0d-4537-b5f2-c882a1eb65ad';

export const dataSourceTable = 'msdyn_odatav4ds';

/** A row of this table says where a virtual table's rows are. */
export const dataSourceTables: Readonly<Record<string, TableForm>> = {
  [dataSourceTable]: {
    display: 'OData v4 Data Source',
    primaryName: 'msdyn_name',
    entitySet: 'msdyn_odatav4dses',
    columns: {
      msdyn_name: { type: 'string', maxLength: 100 },
      /** Base of the service: `<uri>/<collection>` answers `{"value": [...]}`. */
      msdyn_uri: { type: 'string', maxLength: 2000 },
      /** Seconds. */
      msdyn_timeout: { type: 'integer' },
      msdyn_isreadonly: { type: 'boolean' },
    },
  },
};
