import { z } from 'zod';
import {
  authMode,
  isLoopback,
  list,
  serviceUrl,
  wholeNumber,
  withoutSlash,
} from './setting-values.ts';

/**
 * Settings of the synchronization of FHIR with Dataverse. All or none: an app that only moves a
 * FHIR service has none of them.
 */
export const syncSchema = {
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
};

const syncSettings = z.object(syncSchema);
export type SyncSettings = z.infer<typeof syncSettings>;

export interface EndpointConfig {
  readonly url: string;
  readonly auth: z.infer<typeof authMode>;
}

export interface RetryConfig {
  readonly firstSeconds: number;
  readonly maxSeconds: number;
  readonly attempts: number;
}

export interface SyncConfig {
  readonly fhir: EndpointConfig & { readonly accounts: readonly string[] };
  readonly dataverse: EndpointConfig;
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
}

/** What stands against each other among the settings of the synchronization. */
export function syncContradictions(
  settings: { readonly [Name in keyof SyncSettings]?: SyncSettings[Name] | undefined },
): readonly string[] {
  const problems: string[] = [];
  for (const side of ['FHIR', 'DATAVERSE'] as const) {
    const url = settings[`FDS_${side}_URL`];
    if (settings[`FDS_${side}_AUTH`] === 'none' && url !== undefined && !isLoopback(url)) {
      problems.push(`FDS_${side}_AUTH: "none" is for loopback URLs only. Use managed-identity.`);
    }
  }
  const { FDS_RETRY_FIRST_SECONDS: first = 0, FDS_RETRY_MAX_SECONDS: most = first } = settings;
  if (first > most) {
    problems.push('FDS_RETRY_FIRST_SECONDS: the first pause is longer than FDS_RETRY_MAX_SECONDS.');
  }
  return problems;
}

export function toSyncConfig(settings: SyncSettings): SyncConfig {
  return {
    fhir: {
      url: withoutSlash(settings.FDS_FHIR_URL),
      auth: settings.FDS_FHIR_AUTH,
      accounts: settings.FDS_FHIR_ACCOUNTS,
    },
    dataverse: { url: withoutSlash(settings.FDS_DATAVERSE_URL), auth: settings.FDS_DATAVERSE_AUTH },
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
  };
}
