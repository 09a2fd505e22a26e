import { z } from 'zod';
import { authMode, isLoopback, list, serviceUrl, storage, withoutSlash } from './setting-values.ts';

/** Settings of the move of a whole FHIR service. All or none: without a source there is no migration. */
export const migrationSchema = {
  /** Base URL of the FHIR service to move from. */
  FDS_MIGRATION_SOURCE_URL: serviceUrl.optional(),
  FDS_MIGRATION_SOURCE_AUTH: authMode.default('managed-identity'),
  /** Base URL of the FHIR service to move to. */
  FDS_MIGRATION_TARGET_URL: serviceUrl.optional(),
  FDS_MIGRATION_TARGET_AUTH: authMode.default('managed-identity'),
  /** The blob account that the source exports to and the target imports from. */
  FDS_MIGRATION_STORAGE: storage.optional(),
  /** Origins besides the source and the blob account that export files may be read from, comma separated. */
  FDS_MIGRATION_FILE_ORIGINS: list(''),
  /** Ed25519 private key (PEM) that signs certificates. */
  FDS_MIGRATION_SIGNING_KEY: z.string().startsWith('-----BEGIN').optional(),
};

const migrationSettings = z.object(migrationSchema);
export type MigrationSettings = z.infer<typeof migrationSettings>;

export interface MigrationEndpoint {
  readonly url: string;
  readonly auth: z.infer<typeof authMode>;
}

export interface MigrationConfig {
  readonly source: MigrationEndpoint;
  readonly target: MigrationEndpoint;
  /** Connection string, or the URL of the blob service for managed identity. */
  readonly storage: string;
  readonly fileOrigins: readonly string[];
  readonly signingKey: string | undefined;
}

const together = [
  'FDS_MIGRATION_SOURCE_URL',
  'FDS_MIGRATION_TARGET_URL',
  'FDS_MIGRATION_STORAGE',
] as const;

/** What stands against each other among the settings of a migration. */
export function migrationContradictions(
  settings: Partial<Readonly<Record<keyof MigrationSettings, unknown>>>,
): readonly string[] {
  const given = together.filter((name) => settings[name] !== undefined);
  const missing = together.filter((name) => settings[name] === undefined);
  const problems =
    given.length === 0
      ? []
      : missing.map((name) => `${name}: set it too, a migration needs ${together.join(', ')}.`);
  for (const side of ['SOURCE', 'TARGET'] as const) {
    const url = settings[`FDS_MIGRATION_${side}_URL`];
    const open = settings[`FDS_MIGRATION_${side}_AUTH`] === 'none';
    if (open && typeof url === 'string' && !isLoopback(url)) {
      problems.push(`FDS_MIGRATION_${side}_AUTH: "none" is for loopback URLs only.`);
    }
  }
  const { FDS_MIGRATION_SOURCE_URL: source, FDS_MIGRATION_TARGET_URL: target } = settings;
  if (source !== undefined && source === target) {
    problems.push('FDS_MIGRATION_TARGET_URL: source and target are the same service.');
  }
  return problems;
}

/** Undefined when no migration is set up. */
export function toMigrationConfig(settings: MigrationSettings): MigrationConfig | undefined {
  const {
    FDS_MIGRATION_SOURCE_URL: source,
    FDS_MIGRATION_TARGET_URL: target,
    FDS_MIGRATION_STORAGE: blobs,
  } = settings;
  if (source === undefined || target === undefined || blobs === undefined) return undefined;
  return {
    source: { url: withoutSlash(source), auth: settings.FDS_MIGRATION_SOURCE_AUTH },
    target: { url: withoutSlash(target), auth: settings.FDS_MIGRATION_TARGET_AUTH },
    storage: blobs,
    fileOrigins: settings.FDS_MIGRATION_FILE_ORIGINS,
    signingKey: settings.FDS_MIGRATION_SIGNING_KEY,
  };
}
