import { z } from 'zod';
import { differenceKinds } from './difference-kinds.ts';

const count = z.int().nonnegative();
const instant = z.iso.datetime({ offset: true });
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const base64 = z.string().regex(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/);
const resourceType = z.string().regex(/^[A-Z][A-Za-z]{0,63}$/);
/** `Type/id`; nothing longer, so that no content can slip in. */
const reference = z.string().regex(/^[A-Z][A-Za-z]{0,63}\/[\x21-\x7e]{1,128}$/);
const versionId = z.string().regex(/^[\x21-\x7e]{1,64}$/);
/** A cause or a kind by its name in this product, never a message. */
const code = z.string().regex(/^[A-Za-z][A-Za-z0-9_-]{0,63}$/);

/** A name and a version: short, and nothing that moves a terminal. */
const freeText = z.string().regex(/^\P{C}{0,200}$/u);

/** No credentials and no query: both could hold what must not be published. */
const serviceUrl = z.string().regex(/^https?:\/\/[^\s@?#/]+(?:\/[^\s@?#]*)?$/);

const service = z.strictObject({
  url: serviceUrl,
  fhirVersion: z.string().regex(/^[\w.-]{1,32}$/),
  /** Name and version as its CapabilityStatement gives them. */
  software: freeText.nullable(),
});

const migration = z.strictObject({
  id: z.string().regex(/^[\w.:-]{1,128}$/),
  source: service,
  target: service,
  pattern: code,
  /** Bounds of lastUpdated, the second one exclusive; null where open. */
  range: z.strictObject({ since: instant.nullable(), till: instant.nullable() }),
  history: z.boolean(),
  deletes: z.boolean(),
  deidentified: z.boolean(),
  /** Types that were asked for; null for all. */
  types: z.array(resourceType).nullable(),
  startedAt: instant,
  endedAt: instant,
});

const ledgerCounts = {
  exported: count,
  loaded: count,
  /** In the target already. */
  present: count,
  quarantined: count,
};

const ledgerWindow = z.strictObject({
  since: instant.nullable(),
  till: instant,
  types: z.array(z.strictObject({ type: resourceType, ...ledgerCounts })),
});

const side = z.strictObject({ count, root: hash });

const typeWindow = z.strictObject({
  window: count,
  source: side,
  target: side,
  /** Quarantined versions, part of the source and not expected in the target. */
  excepted: side,
  leaves: z.strictObject({
    /** Two to this power leaves, each 8 bytes of count and 32 of sum, both big-endian. */
    depth: z.int().min(0).max(12),
    source: base64,
    /** Null where it has the same leaves as the source. */
    target: base64.nullable(),
    /** Null where nothing is excepted. */
    excepted: base64.nullable(),
  }),
});

const kinds = z.strictObject({
  missing: count,
  extra: count,
  altered: count,
  'version-differs': count,
  moved: count,
  undeleted: count,
  'wrongly-deleted': count,
  'duplicate-in-source': count,
  'duplicate-in-target': count,
});

const typeFigures = z.strictObject({
  type: resourceType,
  ...ledgerCounts,
  /** Hard deletes of the source that were applied to the target. */
  hardDeleted: count,
  /** Tombstones among the source's entries. */
  deleted: count,
  source: side,
  target: side,
  excepted: side,
  /** Pairs of the same key and the same content. */
  equal: count,
  /** Entries of each side that are part of a difference. */
  differing: z.strictObject({ source: count, target: count }),
  differences: kinds,
  windows: z.array(typeWindow),
});

const difference = z.strictObject({
  kind: z.enum(differenceKinds),
  resourceType,
  id: z.string().regex(/^[\x21-\x7e]{1,128}$/),
  sourceVersion: versionId.nullable(),
  targetVersion: versionId.nullable(),
});

const accountItem = z.strictObject({
  kind: code,
  /** Null where the line could not be read. */
  reference: reference.nullable(),
  versionId: versionId.nullable(),
  /** By how many milliseconds lastUpdated was moved, where that was the repair. */
  movedBy: z.int().nullable(),
});

/** What happened to single resources: exact counts per kind, and the first of them by name. */
const account = z.strictObject({
  count,
  kinds: z.array(z.strictObject({ kind: code, count })),
  listed: z.array(accountItem),
});

const dangling = z.array(z.strictObject({ from: reference, to: reference }));

const closure = z.strictObject({
  local: count,
  elsewhere: count,
  broken: count,
  brokenExamples: dangling,
  danglingInSource: count,
  danglingExamples: dangling,
});

/** The certificate without its seal: what docs/certificate.md explains, field by field. */
export const certificateSchema = z.strictObject({
  format: z.literal('fhir-migration-certificate'),
  version: z.literal(1),
  madeAt: instant,
  madeBy: freeText,
  migration,
  comparison: z.strictObject({
    comparedAt: instant,
    mode: z.enum(['versions', 'current']),
    countVersions: z.boolean(),
    boundaries: z.array(instant),
    buckets: z.int().min(1).max(4096),
    salt: z.string().regex(/^(?:[0-9a-f]{2}){0,32}$/),
  }),
  verdict: z.enum(['equal', 'equal-except-quarantined', 'different']),
  roots: z.strictObject({ source: hash, target: hash }),
  types: z.array(typeFigures),
  ledger: z.array(ledgerWindow),
  differences: z.strictObject({ count, listed: z.array(difference) }),
  quarantine: account,
  repairs: account,
  hardDeletes: account,
  /** Null where references were not checked. */
  references: closure.nullable(),
});

export type Certificate = z.infer<typeof certificateSchema>;
export type TypeFigures = Certificate['types'][number];
export type TypeWindow = TypeFigures['windows'][number];
export type LedgerWindow = Certificate['ledger'][number];
export type Account = Certificate['quarantine'];
export type AccountItem = Account['listed'][number];
export type Verdict = Certificate['verdict'];
