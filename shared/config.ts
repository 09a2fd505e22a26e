import { z } from 'zod';
import { AppError } from './errors.ts';
import {
  isLoopback,
  type MigrationConfig,
  migrationContradictions,
  migrationSchema,
  type SyncConfig,
  serviceUrl,
  storage,
  syncContradictions,
  syncSchema,
  toMigrationConfig,
  toSyncConfig,
} from './settings/index.ts';

export { isLoopback };

/**
 * The settings of the app. This is the only file that reads the environment.
 * All problems are reported at once; a setting with our prefix that we do not
 * know stops the start, because a mistyped switch must never silently mean
 * "off" (facts/reliability.md, fault 14).
 */
const prefix = 'FDS_';

/** What the app needs whatever it does, and the settings of a migration, which are optional. */
const commonSchema = z.object({
  /** Client credentials, needed when a mode of authentication is `client-credentials`. */
  FDS_TENANT_ID: z.string().optional(),
  FDS_CLIENT_ID: z.string().optional(),
  FDS_CLIENT_SECRET: z.string().optional(),
  /** Storage for the ledger; the Functions storage account unless set. */
  FDS_STORAGE: storage.optional(),
  AzureWebJobsStorage: storage.optional(),
  AzureWebJobsStorage__tableServiceUri: serviceUrl.optional(),
  /** Who may call the HTTP API: App Service authentication, or anybody on this machine. */
  FDS_AUTHORIZATION: z.enum(['easy-auth', 'loopback']).default('easy-auth'),
  ...migrationSchema,
});
const wholeSchema = commonSchema.extend(syncSchema);

type CommonSettings = z.infer<typeof commonSchema>;
type Settings = z.infer<typeof wholeSchema>;

type Readable = { readonly [Name in keyof Settings]?: Settings[Name] | undefined };

export interface CommonConfig {
  readonly credentials: {
    readonly tenantId: string | undefined;
    readonly clientId: string | undefined;
    readonly clientSecret: string | undefined;
  };
  /** A connection string, or the URL of the table service for managed identity. */
  readonly storage: string;
  readonly authorization: 'easy-auth' | 'loopback';
  /** Undefined when no move of a FHIR service is set up. */
  readonly migration: MigrationConfig | undefined;
}

/** What an app that synchronizes works with. */
export type Config = CommonConfig & SyncConfig;

export interface LoadedConfig extends CommonConfig {
  /** Undefined in an app that only moves a FHIR service. */
  readonly sync: SyncConfig | undefined;
}

type Present = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the settings. Without any of the synchronization, those of a migration are
 * enough; with one of them, it needs all that has no default.
 * @throws AppError CONFIG_INVALID naming every wrong, missing and unknown setting
 */
export function loadConfig(env: Present = process.env): LoadedConfig {
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const common = commonSchema.safeParse(present);
  const sync = isSyncWanted(present) ? z.object(syncSchema).safeParse(present) : undefined;
  const issues = [common, sync].flatMap((parsed) => parsed?.error?.issues ?? []);
  const problems = [
    ...unknownSettings(present),
    ...issues.map((issue) => describe(issue, present)),
    ...missingStorage(present),
    ...contradictions(readable(present)),
  ];
  if (!common.success || sync?.success === false || problems.length > 0) {
    throw new AppError(
      'CONFIG_INVALID',
      `the settings need attention:\n- ${problems.join('\n- ')}`,
    );
  }
  return deepFreeze({
    ...toCommonConfig(common.data),
    sync: sync === undefined ? undefined : toSyncConfig(sync.data),
  });
}

const syncNames = Object.keys(syncSchema);
const migrationNames = Object.keys(migrationSchema);

const isSyncWanted = (present: Present): boolean =>
  syncNames.some((name) => name in present) || !migrationNames.some((name) => name in present);

/** The settings that are right by themselves, so that they can be compared though others are wrong. */
function readable(present: Present): Readable {
  const wrong = new Set(wholeSchema.safeParse(present).error?.issues.map(({ path }) => path[0]));
  const right = Object.entries(present).filter(([name]) => !wrong.has(name));
  return wholeSchema.partial().safeParse(Object.fromEntries(right)).data ?? {};
}

const storageNames = [
  'FDS_STORAGE',
  'AzureWebJobsStorage',
  'AzureWebJobsStorage__tableServiceUri',
] as const;

function missingStorage(present: Present): readonly string[] {
  if (storageNames.some((name) => name in present)) return [];
  return [`FDS_STORAGE: set ${storageNames.join(' or ')}; the ledger lives there.`];
}

/** Never tells the value: it may be a secret that was put in the wrong place. */
function describe(issue: z.core.$ZodIssue, present: Present): string {
  const name = issue.path.join('.');
  const others = syncNames.filter((other) => other in present);
  const set = `${name}: ${issue.message}. Set it in local.settings.json or in the app settings.`;
  if (!syncNames.includes(name) || name in present) return set;
  return others.length > 0
    ? `${set} It goes with ${others.join(', ')}: without any of them the app only migrates.`
    : `${set} An app that only migrates has FDS_MIGRATION_SOURCE_URL in its place, and what goes with it.`;
}

/** Names are compared without case, because Windows does so and Linux does not. */
function unknownSettings(present: Present): readonly string[] {
  const known = Object.keys(wholeSchema.shape);
  return Object.keys(present)
    .filter((name) => name.toUpperCase().startsWith(prefix) && !known.includes(name))
    .map((name) => `${name}: unknown setting. Known ones: ${known.join(', ')}`);
}

const withAuthentication = ['FHIR', 'DATAVERSE', 'MIGRATION_SOURCE', 'MIGRATION_TARGET'] as const;

function contradictions(settings: Readable): readonly string[] {
  const complete = settings.FDS_TENANT_ID && settings.FDS_CLIENT_ID && settings.FDS_CLIENT_SECRET;
  const incomplete = withAuthentication
    .filter((side) => settings[`FDS_${side}_AUTH`] === 'client-credentials' && !complete)
    .map(
      (side) =>
        `FDS_${side}_AUTH: client-credentials needs FDS_TENANT_ID, FDS_CLIENT_ID and FDS_CLIENT_SECRET.`,
    );
  return [...incomplete, ...syncContradictions(settings), ...migrationContradictions(settings)];
}

function toCommonConfig(settings: CommonSettings): CommonConfig {
  return {
    credentials: {
      tenantId: settings.FDS_TENANT_ID,
      clientId: settings.FDS_CLIENT_ID,
      clientSecret: settings.FDS_CLIENT_SECRET,
    },
    storage: storageNames.map((name) => settings[name]).find((value) => value !== undefined) ?? '',
    authorization: settings.FDS_AUTHORIZATION,
    migration: toMigrationConfig(settings),
  };
}

function deepFreeze<T extends object>(value: T): T {
  for (const part of Object.values(value)) {
    if (typeof part === 'object' && part !== null) deepFreeze(part);
  }
  return Object.freeze(value);
}
