export type {
  ColumnMetadata,
  DataverseClient,
  DataverseOperation,
  DataverseResult,
  DataverseRow,
  Filter,
  LookupValue,
  Row,
  RowValue,
  Scalar,
  TableMetadata,
} from './contract.ts';
export { createDataverseClient, type DataverseClientOptions } from './create-client.ts';
export { rowIdFor } from './row-id.ts';
