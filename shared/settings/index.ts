export {
  type MigrationConfig,
  type MigrationEndpoint,
  migrationContradictions,
  migrationSchema,
  toMigrationConfig,
} from './migration-settings.ts';
export { isLoopback, serviceUrl, storage } from './setting-values.ts';
export {
  type SyncConfig,
  syncContradictions,
  syncSchema,
  toSyncConfig,
} from './sync-settings.ts';
