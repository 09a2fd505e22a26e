import { createHash } from 'node:crypto';
import {
  buildCertificate,
  type Certificate,
  type CertificateFacts,
  createAccount,
  createDigest,
  createDrillDown,
  type Differences,
  type Digest,
  type DigestSettings,
  mergeDifferences,
  planDrillDown,
  subtractDigest,
  type VersionEntry,
} from '../../../shared/proof/index.ts';

export const hashOf = (text: string | Uint8Array): string =>
  createHash('sha256').update(text).digest('hex');

/** `at` counts seconds from the first of January 2024. */
export interface Brief {
  readonly type?: string;
  readonly id: string;
  readonly version?: string;
  readonly at?: number;
  readonly deleted?: boolean;
  readonly content?: string;
}

export const instant = (seconds: number): string =>
  new Date(Date.UTC(2024, 0, 1) + seconds * 1_000).toISOString();

export function entry({ type, id, version, at, deleted, content }: Brief): VersionEntry {
  return {
    resourceType: type ?? 'Patient',
    id,
    versionId: version ?? '1',
    lastUpdated: instant(at ?? 0),
    deleted: deleted ?? false,
    contentHash: hashOf(content ?? id),
  };
}

export function digestOf(
  entries: Iterable<VersionEntry>,
  settings: Partial<DigestSettings> = {},
): Digest {
  const digest = createDigest(settings);
  for (const one of entries) digest.add(one);
  return digest;
}

/** A population of so many resources of three types, made anew at each turn. */
export function* population(size: number): Generator<VersionEntry> {
  const types = ['Encounter', 'Observation', 'Patient'] as const;
  for (let index = 0; index < size; index += 1) {
    const type = types[index % types.length] ?? 'Patient';
    yield {
      resourceType: type,
      id: `r-${index}`,
      versionId: '1',
      lastUpdated: instant(index),
      deleted: index % 1_000 === 7,
      contentHash: index.toString(16).padStart(64, '0'),
    };
  }
}

export interface Sides {
  readonly source: () => Iterable<VersionEntry>;
  readonly target: () => Iterable<VersionEntry>;
  readonly excepted?: () => Iterable<VersionEntry>;
}

/** What a caller does: digest both, compare, read again what differs, in passes. */
export function differencesOf(
  { source, target, excepted = () => [] }: Sides,
  settings: Partial<DigestSettings> = {},
  { maxEntries = 200_000, cap = 1_000 } = {},
): Differences {
  const expected = subtractDigest(digestOf(source(), settings), digestOf(excepted(), settings));
  const passes = planDrillDown(expected, digestOf(target(), settings), { maxEntries });
  const parts = passes.map((pass) => {
    const drill = createDrillDown(pass, { cap });
    for (const one of source()) drill.addSource(one);
    for (const one of target()) drill.addTarget(one);
    for (const one of excepted()) drill.addExcepted(one);
    return drill.finish();
  });
  return mergeDifferences(parts, { cap });
}

const service = { url: 'https://a.example/fhir', fhirVersion: '4.0.1', software: 'Sample 1' };

export function certificateOf(
  sides: Sides,
  settings: Partial<DigestSettings> = {},
  more: Partial<CertificateFacts> = {},
): Certificate {
  const source = digestOf(sides.source(), settings);
  const excepted = digestOf(sides.excepted?.() ?? [], settings);
  const quarantine = createAccount();
  const quarantined = new Map<string, number>();
  for (const { resourceType, id, versionId } of sides.excepted?.() ?? []) {
    quarantined.set(resourceType, (quarantined.get(resourceType) ?? 0) + 1);
    quarantine.add({
      kind: 'version-conflict',
      reference: `${resourceType}/${id}`,
      versionId: versionId ?? null,
      movedBy: null,
    });
  }
  const types = source.types.map((type) => {
    const exported = source.countOf(type);
    const inQuarantine = quarantined.get(type) ?? 0;
    return {
      type,
      exported,
      loaded: exported - inQuarantine,
      present: 0,
      quarantined: inQuarantine,
    };
  });
  const differences = differencesOf(sides, settings);
  return buildCertificate({
    madeAt: instant(100),
    madeBy: 'fhir-dataverse-sync 0.1.0',
    comparedAt: instant(90),
    migration: {
      ...{ id: 'm-1', source: service, target: { ...service, url: 'http://127.0.0.1:8090' } },
      ...{ pattern: 'lift-and-shift', range: { since: null, till: instant(80) } },
      ...{ history: true, deletes: true, deidentified: false, types: null },
      ...{ startedAt: instant(10), endedAt: instant(100) },
    },
    ...{ source, target: digestOf(sides.target(), settings), excepted },
    ...(differences.count > 0 ? { differences } : {}),
    ledger: [{ since: null, till: instant(80), types }],
    quarantine: quarantine.finish(),
    repairs: createAccount().finish(),
    hardDeletes: createAccount().finish(),
    ...more,
  });
}
