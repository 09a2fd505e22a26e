export { bulkDeleteKind } from './bulk-delete-job.ts';
export { startBulkDelete } from './delete-request.ts';
