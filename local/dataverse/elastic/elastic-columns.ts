import type { ColumnForm } from '../model-schema.ts';

export const partitionColumn = 'partitionid';
export const lifeColumn = 'ttlinseconds';

/** Columns that every elastic table has (facts A11). */
export const elasticColumns: Readonly<Record<string, ColumnForm>> = {
  [partitionColumn]: { type: 'string', maxLength: 100, schemaName: 'PartitionId' },
  [lifeColumn]: { type: 'integer', schemaName: 'TTLInSeconds' },
};

/** The only alternate key of an elastic table, which it is born with. */
export function elasticKey(primaryId: string): { name: string; columns: string[] } {
  return {
    name: 'KeyForNoSqlEntityWithPKPartitionId',
    columns: [primaryId, partitionColumn],
  };
}
