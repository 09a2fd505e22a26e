export {
  type MigrationConfig,
  type MigrationEndpoint,
  migrationContradictions,
  migrationSchema,
  toMigrationConfig,
} from './migration-settings.ts';
export {
  authMode,
  isLoopback,
  list,
  serviceUrl,
  storage,
  wholeNumber,
  withoutSlash,
} from './setting-values.ts';
