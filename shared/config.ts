import { z } from 'zod';
import { AppError } from './errors.ts';
import {
  authMode,
  isLoopback,
  list,
  type MigrationConfig,
  migrationContradictions,
  migrationSchema,
  serviceUrl,
  storage,
  toMigrationConfig,
  wholeNumber,
  withoutSlash,
} from './settings/index.ts';

export { isLoopback };

/**
 * The settings of the app. This is the only file that reads the environment.
 * All problems are reported at once; a setting with our prefix that we do not
 * know stops the start, because a mistyped switch must never silently mean
 * "off" (facts/reliability.md, fault 14).
 */
const prefix = 'FDS_';

const schema = z.object({
  /** Base URL of the FHIR R4 service. */
  FDS_FHIR_URL: serviceUrl,
  /** How to get tokens for FHIR; `none` is accepted for a loopback URL only. */
  FDS_FHIR_AUTH: authMode.default('managed-identity'),
  /** Event accounts that may start work, comma separated; empty accepts any account. */
  FDS_FHIR_ACCOUNTS: list(''),
  /** Dataverse Web API root, ending in `/api/data/v9.2`. */
  FDS_DATAVERSE_URL: serviceUrl.refine(
    (url) => /\/api\/data\/v9\.\d+\/*$/.test(url),
    'Expected the Web API root, ending in /api/data/v9.2',
  ),
  FDS_DATAVERSE_AUTH: authMode.default('managed-identity'),
  /** Client credentials, needed when a mode above is `client-credentials`. */
  FDS_TENANT_ID: z.string().optional(),
  FDS_CLIENT_ID: z.string().optional(),
  FDS_CLIENT_SECRET: z.string().optional(),
  /** Storage for the ledger; the Functions storage account unless set. */
  FDS_STORAGE: storage.optional(),
  AzureWebJobsStorage: storage.optional(),
  AzureWebJobsStorage__tableServiceUri: serviceUrl.optional(),
  /** Folder of map files, relative to the app. */
  FDS_MAPS_FOLDER: z.string().default('maps'),
  /** Name of the pack in `maps/packs`: which root maps are enabled. */
  FDS_MAP_PACK: z.string().default('none'),
  /** What no applicable Consent means. Opt-out regimes say `permit`, opt-in regimes `deny`: to be decided, so no default. */
  FDS_CONSENT_DEFAULT: z.enum(['permit', 'deny']),
  /** Consent scopes and categories (`system|code`) that count; no categories = any. */
  FDS_CONSENT_SCOPES: list('patient-privacy'),
  FDS_CONSENT_CATEGORIES: list(''),
  FDS_CONSENT_CONFLICT: z.enum(['deny-overrides', 'latest-wins']).default('deny-overrides'),
  /** Who receives the data in Dataverse (actor references), and for which purposes. */
  FDS_CONSENT_RECIPIENTS: list(''),
  FDS_CONSENT_PURPOSES: list('TREAT'),
  /** What a FHIR delete, and a withdrawal, do to rows. */
  FDS_DELETE_POLICY: z.enum(['delete', 'deactivate']).default('delete'),
  FDS_WITHDRAW_POLICY: z.enum(['delete', 'deactivate']).default('delete'),
  /** First and longest pause in seconds before single failed changes are tried again, and how often. */
  FDS_RETRY_FIRST_SECONDS: z.coerce.number().min(0.1).max(600).default(5),
  FDS_RETRY_MAX_SECONDS: z.coerce.number().min(1).max(3600).default(300),
  FDS_RETRY_ATTEMPTS: wholeNumber(10, 1, 500),
  /** Megabytes of FHIR bodies kept in memory between the steps of a change set. */
  FDS_CACHE_MEGABYTES: wholeNumber(64, 1, 4096),
  /** Who may call the HTTP API: App Service authentication, or anybody on this machine. */
  FDS_AUTHORIZATION: z.enum(['easy-auth', 'loopback']).default('easy-auth'),
  ...migrationSchema,
});

type Settings = z.infer<typeof schema>;

type Readable = { readonly [Name in keyof Settings]?: Settings[Name] | undefined };

export interface EndpointConfig {
  readonly url: string;
  readonly auth: z.infer<typeof authMode>;
}

export interface Config {
  readonly fhir: EndpointConfig & { readonly accounts: readonly string[] };
  readonly dataverse: EndpointConfig;
  readonly credentials: {
    readonly tenantId: string | undefined;
    readonly clientId: string | undefined;
    readonly clientSecret: string | undefined;
  };
  /** A connection string, or the URL of the table service for managed identity. */
  readonly storage: string;
  readonly maps: { readonly folder: string; readonly pack: string };
  readonly consent: {
    readonly defaultDecision: 'permit' | 'deny';
    readonly scopes: readonly string[];
    readonly categories: readonly string[];
    readonly conflict: 'deny-overrides' | 'latest-wins';
    readonly recipients: readonly string[];
    readonly purposes: readonly string[];
  };
  readonly deletePolicy: 'delete' | 'deactivate';
  readonly withdrawPolicy: 'delete' | 'deactivate';
  readonly retry: RetryConfig;
  readonly cacheBytes: number;
  readonly authorization: 'easy-auth' | 'loopback';
  /** Undefined when no move of a FHIR service is set up. */
  readonly migration: MigrationConfig | undefined;
}

export interface RetryConfig {
  readonly firstSeconds: number;
  readonly maxSeconds: number;
  readonly attempts: number;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Reads and checks the settings.
 * @throws AppError CONFIG_INVALID naming every wrong, missing and unknown setting
 */
export function loadConfig(env: Environment = process.env): Config {
  const present = Object.fromEntries(
    Object.entries(env).filter(([, value]) => value !== undefined && value !== ''),
  );
  const parsed = schema.safeParse(present);
  const problems = [
    ...unknownSettings(present),
    ...(parsed.success ? [] : parsed.error.issues.map(describe)),
    ...missingStorage(present),
    ...contradictions(parsed.success ? parsed.data : readable(present)),
  ];
  if (!parsed.success || problems.length > 0) {
    throw new AppError(
      'CONFIG_INVALID',
      `the settings need attention:\n- ${problems.join('\n- ')}`,
    );
  }
  return deepFreeze(toConfig(parsed.data));
}

/** The settings that are right by themselves, so that they can be compared though others are wrong. */
function readable(present: Readonly<Record<string, unknown>>): Readable {
  const wrong = new Set(schema.safeParse(present).error?.issues.map(({ path }) => path[0]));
  const right = Object.entries(present).filter(([name]) => !wrong.has(name));
  return schema.partial().safeParse(Object.fromEntries(right)).data ?? {};
}

const storageNames = [
  'FDS_STORAGE',
  'AzureWebJobsStorage',
  'AzureWebJobsStorage__tableServiceUri',
] as const;

function missingStorage(present: Readonly<Record<string, unknown>>): readonly string[] {
  if (storageNames.some((name) => name in present)) return [];
  return [`FDS_STORAGE: set ${storageNames.join(' or ')}; the ledger lives there.`];
}

/** Never tells the value: it may be a secret that was put in the wrong place. */
function describe(issue: z.core.$ZodIssue): string {
  const name = issue.path.join('.');
  return `${name}: ${issue.message}. Set it in local.settings.json or in the app settings.`;
}

/** Names are compared without case, because Windows does so and Linux does not. */
function unknownSettings(present: Readonly<Record<string, unknown>>): readonly string[] {
  const known = Object.keys(schema.shape);
  return Object.keys(present)
    .filter((name) => name.toUpperCase().startsWith(prefix) && !known.includes(name))
    .map((name) => `${name}: unknown setting. Known ones: ${known.join(', ')}`);
}

function contradictions(settings: Readable): readonly string[] {
  const problems: string[] = [];
  for (const side of ['FHIR', 'DATAVERSE'] as const) {
    const auth = settings[`FDS_${side}_AUTH`];
    const url = settings[`FDS_${side}_URL`];
    if (auth === 'none' && url !== undefined && !isLoopback(url)) {
      problems.push(`FDS_${side}_AUTH: "none" is for loopback URLs only. Use managed-identity.`);
    }
    const complete = settings.FDS_TENANT_ID && settings.FDS_CLIENT_ID && settings.FDS_CLIENT_SECRET;
    if (auth === 'client-credentials' && !complete) {
      problems.push(
        `FDS_${side}_AUTH: client-credentials needs FDS_TENANT_ID, FDS_CLIENT_ID and FDS_CLIENT_SECRET.`,
      );
    }
  }
  const { FDS_RETRY_FIRST_SECONDS: first = 0, FDS_RETRY_MAX_SECONDS: most = first } = settings;
  if (first > most) {
    problems.push('FDS_RETRY_FIRST_SECONDS: the first pause is longer than FDS_RETRY_MAX_SECONDS.');
  }
  return [...problems, ...migrationContradictions(settings)];
}

function toConfig(settings: Settings): Config {
  return {
    fhir: {
      url: withoutSlash(settings.FDS_FHIR_URL),
      auth: settings.FDS_FHIR_AUTH,
      accounts: settings.FDS_FHIR_ACCOUNTS,
    },
    dataverse: { url: withoutSlash(settings.FDS_DATAVERSE_URL), auth: settings.FDS_DATAVERSE_AUTH },
    credentials: {
      tenantId: settings.FDS_TENANT_ID,
      clientId: settings.FDS_CLIENT_ID,
      clientSecret: settings.FDS_CLIENT_SECRET,
    },
    storage: storageNames.map((name) => settings[name]).find((value) => value !== undefined) ?? '',
    maps: { folder: settings.FDS_MAPS_FOLDER, pack: settings.FDS_MAP_PACK },
    consent: {
      defaultDecision: settings.FDS_CONSENT_DEFAULT,
      scopes: settings.FDS_CONSENT_SCOPES,
      categories: settings.FDS_CONSENT_CATEGORIES,
      conflict: settings.FDS_CONSENT_CONFLICT,
      recipients: settings.FDS_CONSENT_RECIPIENTS,
      purposes: settings.FDS_CONSENT_PURPOSES,
    },
    deletePolicy: settings.FDS_DELETE_POLICY,
    withdrawPolicy: settings.FDS_WITHDRAW_POLICY,
    retry: {
      firstSeconds: settings.FDS_RETRY_FIRST_SECONDS,
      maxSeconds: settings.FDS_RETRY_MAX_SECONDS,
      attempts: settings.FDS_RETRY_ATTEMPTS,
    },
    cacheBytes: settings.FDS_CACHE_MEGABYTES * 1024 * 1024,
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
