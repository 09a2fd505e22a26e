import type { DataverseClient } from '../../dataverse/index.ts';
import { AppError } from '../../errors.ts';
import type { FindTable } from './check-pack.ts';

/** What the organisation says about a table; undefined when it has none of that name. */
export function tablesOf(client: Pick<DataverseClient, 'table'>): FindTable {
  return async (name) => {
    try {
      return await client.table(name);
    } catch (error) {
      const missing = error instanceof AppError && error.code === 'DATAVERSE_METADATA_MISSING';
      if (missing) return undefined;
      throw error;
    }
  };
}
