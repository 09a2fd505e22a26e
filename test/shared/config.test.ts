import { describe, expect, it } from 'vitest';
import { isLoopback, loadConfig } from '../../shared/config.ts';
import { AppError } from '../../shared/errors.ts';

const good = {
  FDS_FHIR_URL: 'https://example.fhir.azurehealthcareapis.com/',
  FDS_DATAVERSE_URL: 'https://example.crm.dynamics.com/api/data/v9.2',
  FDS_CONSENT_DEFAULT: 'deny',
  AzureWebJobsStorage: 'UseDevelopmentStorage=true',
};

type Changes = Readonly<Record<string, string | undefined>>;

const complaint = (changes: Changes): string => complaintOf({ ...good, ...changes });

function complaintOf(settings: Changes): string {
  try {
    loadConfig(settings);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'CONFIG_INVALID') throw error;
    return error.message;
  }
  return '';
}

describe('settings', () => {
  it('that are complete start the app, with safe defaults for the rest', () => {
    expect(loadConfig({ ...good, PATH: '/bin', OTHER_PRODUCT: 'x' })).toMatchObject({
      sync: {
        fhir: { url: 'https://example.fhir.azurehealthcareapis.com', auth: 'managed-identity' },
        maps: { pack: 'none' },
        retry: { firstSeconds: 5, maxSeconds: 300, attempts: 10 },
      },
      authorization: 'easy-auth',
      migration: undefined,
    });
  });

  it('cannot be changed once they are read', () => {
    const { sync } = loadConfig(good);
    if (sync === undefined) throw new Error('no synchronization');
    expect(() => Object.assign(sync.consent, { defaultDecision: 'permit' })).toThrow(TypeError);
    expect(() => Object.assign(sync.fhir.accounts, { 0: 'other' })).toThrow(TypeError);
  });

  it.each([
    ['FDS_FHIR_URL', undefined],
    ['FDS_FHIR_URL', ''],
    ['FDS_FHIR_URL', 'not a url'],
    ['FDS_FHIR_URL', 'ftp://example.org'],
    ['FDS_FHIR_URL', 'http://example.org'],
    ['FDS_FHIR_URL', 'https://name:secret@example.org'],
    ['FDS_FHIR_URL', 'https://example.org/?code=secret'],
    ['FDS_DATAVERSE_URL', 'https://example.crm.dynamics.com'],
    ['FDS_DATAVERSE_URL', 'http://example.crm.dynamics.com/api/data/v9.2'],
    ['FDS_CONSENT_DEFAULT', undefined],
    ['FDS_CONSENT_DEFAULT', 'maybe'],
    ['FDS_CONSENT_CONFLICT', 'permit-overrides'],
    ['FDS_FHIR_AUTH', 'basic'],
    ['FDS_FHIR_AUTH', 'client-credentials'],
    ['FDS_FHIR_AUTH', 'none'],
    ['FDS_DATAVERSE_AUTH', 'none'],
    ['FDS_DELETE_POLICY', 'archive'],
    ['FDS_WITHDRAW_POLICY', 'keep'],
    ['FDS_RETRY_ATTEMPTS', '0'],
    ['FDS_RETRY_ATTEMPTS', '501'],
    ['FDS_RETRY_ATTEMPTS', '2.5'],
    ['FDS_RETRY_ATTEMPTS', 'ten'],
    ['FDS_RETRY_FIRST_SECONDS', '-1'],
    ['FDS_RETRY_FIRST_SECONDS', '400'],
    ['FDS_RETRY_MAX_SECONDS', '7200'],
    ['FDS_CACHE_MEGABYTES', '0'],
    ['FDS_AUTHORIZATION', 'off'],
    ['FDS_STORAGE', 'my storage account'],
    ['FDS_STORAGE', 'http://example.table.core.windows.net'],
    ['AzureWebJobsStorage__tableServiceUri', 'example'],
  ])('%s = %s is refused by name', (name, value) => {
    expect(complaint({ [name]: value })).toContain(`- ${name}: `);
  });

  it('that are unknown under our prefix are refused, whatever their case', () => {
    expect(complaint({ FDS_RETRY_ATEMPTS: '3' })).toContain('- FDS_RETRY_ATEMPTS: unknown setting');
    expect(complaint({ fds_authorization: 'loopback' })).toContain('- fds_authorization: unknown');
  });

  it('are all judged at once, contradictions among the right ones included', () => {
    const text = complaint({
      FDS_CONSENT_DEFAULT: undefined,
      FDS_RETRY_ATTEMPTS: 'ten',
      FDS_FHIR_AUTH: 'none',
      FDS_MISTYPED: 'x',
      AzureWebJobsStorage: undefined,
    });
    const names = text
      .split('\n- ')
      .slice(1)
      .map((line) => line.split(':')[0]);
    expect(names.toSorted()).toEqual([
      'FDS_CONSENT_DEFAULT',
      'FDS_FHIR_AUTH',
      'FDS_MISTYPED',
      'FDS_RETRY_ATTEMPTS',
      'FDS_STORAGE',
    ]);
  });

  it('are never quoted: a secret in the wrong place stays out of the log', () => {
    const secret = 'AccountKey-c2VjcmV0';
    for (const name of Object.keys(good))
      expect(complaint({ [name]: secret })).not.toContain(secret);
    expect(complaint({ FDS_MISTYPED: secret, FDS_FHIR_AUTH: secret })).not.toContain(secret);
  });

  it('"none" as authentication is for loopback URLs', () => {
    const local = {
      FDS_FHIR_URL: 'http://127.0.0.1:8080',
      FDS_FHIR_AUTH: 'none',
      FDS_DATAVERSE_URL: 'http://[::1]:8081/api/data/v9.2/',
      FDS_DATAVERSE_AUTH: 'none',
    };
    expect(complaint(local)).toBe('');
  });
});

describe('an app that only migrates', () => {
  const migrating = {
    FDS_MIGRATION_SOURCE_URL: 'https://old.azurehealthcareapis.com',
    FDS_MIGRATION_TARGET_URL: 'https://new.fhir.azurehealthcareapis.com/',
    FDS_MIGRATION_STORAGE: 'https://account.blob.core.windows.net',
    AzureWebJobsStorage: 'UseDevelopmentStorage=true',
  };
  const namesIn = (text: string): readonly (string | undefined)[] =>
    text
      .split('\n- ')
      .slice(1)
      .map((line) => line.split(':')[0]);

  it('needs no setting of the synchronization', () => {
    const { sync, migration } = loadConfig({ ...migrating, FDS_TENANT_ID: 't' });
    expect(sync).toBeUndefined();
    expect(migration).toMatchObject({
      target: { url: 'https://new.fhir.azurehealthcareapis.com' },
    });
  });

  it('may synchronize too, with all that this needs', () => {
    const { sync, migration } = loadConfig({ ...migrating, ...good });
    expect([sync?.fhir.url, migration?.source.url]).toEqual([
      'https://example.fhir.azurehealthcareapis.com',
      'https://old.azurehealthcareapis.com',
    ]);
  });

  it.each(['FDS_FHIR_URL', 'FDS_DATAVERSE_URL', 'FDS_CONSENT_DEFAULT'] as const)(
    'has none of the synchronization or all: with %s alone the others are asked for',
    (name) => {
      const text = complaintOf({ ...migrating, [name]: good[name] });
      const needed = ['FDS_FHIR_URL', 'FDS_DATAVERSE_URL', 'FDS_CONSENT_DEFAULT'];
      expect(namesIn(text)).toEqual(needed.filter((other) => other !== name));
      expect(text).toContain(`It goes with ${name}`);
    },
  );

  it.each([
    ['FDS_RETRY_ATTEMPTS', '3'],
    ['FDS_MAP_PACK', 'demo'],
    ['FDS_FHIR_AUTH', 'none'],
  ])('with %s the synchronization is asked for: it would have no effect', (name, value) => {
    expect(namesIn(complaintOf({ ...migrating, [name]: value }))).toContain('FDS_FHIR_URL');
  });

  it('is judged as strictly as any other, all at once', () => {
    const text = complaintOf({
      ...{ ...migrating, FDS_MIGRATION_STORAGE: undefined, FDS_MISTYPED: 'x' },
      FDS_MIGRATION_SOURCE_AUTH: 'client-credentials',
      AzureWebJobsStorage: undefined,
    });
    expect(namesIn(text).toSorted()).toEqual([
      'FDS_MIGRATION_SOURCE_AUTH',
      'FDS_MIGRATION_STORAGE',
      'FDS_MISTYPED',
      'FDS_STORAGE',
    ]);
  });

  it('is not what an app without any setting is taken for', () => {
    const text = complaintOf({ AzureWebJobsStorage: 'UseDevelopmentStorage=true' });
    expect(namesIn(text)).toEqual(['FDS_FHIR_URL', 'FDS_DATAVERSE_URL', 'FDS_CONSENT_DEFAULT']);
    expect(text).toContain('FDS_MIGRATION_SOURCE_URL');
  });
});

describe('a loopback address', () => {
  it.each([
    ['http://127.0.0.1:7071/api', true],
    ['http://localhost', true],
    ['http://[::1]:1', true],
    ['http://127.0.0.1.example.org', false],
    ['http://localhost.example.org', false],
    ['http://localhost@example.org', false],
    ['http://10.0.0.1', false],
  ])('%s: %s', (url, expected) => {
    expect(isLoopback(url)).toBe(expected);
  });
});
