import type { Account, AccountItem, Certificate } from './certificate-schema.ts';
import type { DifferenceKind } from './difference-kinds.ts';

/** What identifies one version of one resource, and what it holds, as far as a proof needs to know. */
export interface VersionEntry {
  readonly resourceType: string;
  readonly id: string;
  /** Absent where the server keeps none. */
  readonly versionId: string | undefined;
  /** FHIR instant. Compared in milliseconds, more digits are cut off, as `$import` does. */
  readonly lastUpdated: string | undefined;
  /** True for a tombstone: the version that a delete left behind. */
  readonly deleted: boolean;
  /** SHA-256 of the canonical form (docs/certificate.md), 64 hexadecimal digits. */
  readonly contentHash: string;
}

export interface ScannedResource extends VersionEntry {
  /** Every `reference` element as written; empty unless the scanner was asked for them. */
  readonly references: readonly string[];
}

export interface ScannerOptions {
  /** Collect `reference` elements too. Default false. */
  readonly references?: boolean;
}

/** Reads NDJSON lines one after another; keeps its working memory between them. Not for two lines at once. */
export interface ResourceScanner {
  /**
   * @param line one JSON text in UTF-8, white space around it allowed
   * @throws AppError INPUT_INVALID naming the byte and the rule: no JSON, no UTF-8, a member twice,
   *   nested deeper than 200, no resourceType or id
   */
  scan(line: Uint8Array): ScannedResource;
}

/** `versions`: every version counts, by type, id and version. `current`: one entry per type and id. */
export type KeyMode = 'versions' | 'current';

export interface DigestSettings {
  readonly mode: KeyMode;
  /**
   * Ascending instants that part the windows: n of them make n + 1 windows, a boundary belongs to the
   * later one. Entries without lastUpdated are in the first window.
   */
  readonly boundaries: readonly string[];
  /** Buckets of each type and window, a power of two from 1 to 4,096. */
  readonly buckets: number;
  /** Hexadecimal, 0 to 64 digits, drawn anew for each comparison: contents cannot be made to fit it beforehand. */
  readonly salt: string;
  /** False where the target gives its own versionId and lastUpdated (`current` only; then keep one window). */
  readonly countVersions: boolean;
}

/** Order-free digest of a set of versions; its size depends on types, windows and buckets only. */
export interface Digest {
  readonly settings: DigestSettings;
  /** In any order. The same entry twice counts twice. */
  add(entry: VersionEntry): void;
  readonly types: readonly string[];
  readonly count: number;
  /** Entries that are tombstones, of a type or of all. */
  deleted(type?: string): number;
  /** Entries of a type (in one window). */
  countOf(type: string, window?: number): number;
}

export interface DigestRoots {
  readonly root: string;
  readonly types: readonly TypeRoots[];
}

export interface TypeRoots {
  readonly type: string;
  readonly count: number;
  /** Hexadecimal. */
  readonly root: string;
  /** Windows that hold something, ascending. */
  readonly windows: readonly {
    readonly window: number;
    readonly count: number;
    readonly root: string;
  }[];
}

/** One bucket that is not the same on both sides. */
export interface DifferingBucket {
  readonly type: string;
  readonly window: number;
  readonly bucket: number;
  readonly sourceCount: number;
  readonly targetCount: number;
}

export type DigestComparison =
  | { readonly kind: 'equal'; readonly count: number }
  | { readonly kind: 'different'; readonly buckets: readonly DifferingBucket[] };

/** Buckets whose entries are held at once: what a caller re-reads in one go. JSON-safe. */
export interface DrillDownPass {
  readonly settings: DigestSettings;
  /** Of all windows: another version of the same resource decides what a difference is called. */
  readonly buckets: readonly { readonly type: string; readonly bucket: number }[];
  /** Most entries (both sides) that the pass holds. */
  readonly entries: number;
}

export interface Difference {
  readonly kind: DifferenceKind;
  readonly resourceType: string;
  readonly id: string;
  /** As far as known. */
  readonly sourceVersion: string | null;
  readonly targetVersion: string | null;
}

export interface TypeDifferences {
  readonly type: string;
  /** Exact, also beyond the cap of the list. */
  readonly kinds: Readonly<Record<DifferenceKind, number>>;
  /** Entries of each side that are part of a difference. */
  readonly sourceEntries: number;
  readonly targetEntries: number;
}

/** JSON-safe; passes are added up with `mergeDifferences`. */
export interface Differences {
  readonly count: number;
  readonly types: readonly TypeDifferences[];
  /** At most as many as the cap; in order of type, id and version. */
  readonly listed: readonly Difference[];
}

export interface DrillDown {
  /** True when the pass needs the entries of this resource. Others may be added too: they are ignored. */
  wants(resourceType: string, id: string): boolean;
  addSource(entry: VersionEntry): void;
  addTarget(entry: VersionEntry): void;
  /** A source version that was quarantined: not expected in the target. Feed it besides `addSource`. */
  addExcepted(entry: VersionEntry): void;
  finish(): Differences;
}

export interface ClosureOptions {
  /** This pass of how many; each reads all ids and references and keeps its part. Default 0 of 1. */
  readonly pass?: number;
  readonly passes?: number;
  /** Base URLs of the two services: absolute references below them are local. */
  readonly bases?: readonly string[];
  /** Examples kept of each kind; counts are exact. Default 20. */
  readonly examples?: number;
}

export interface DanglingReference {
  /** `Type/id` that holds the reference, and the one it points at. */
  readonly from: string;
  readonly to: string;
}

/** JSON-safe; passes are added up with `mergeClosures`. */
export interface ReferenceClosure {
  /** References to a resource of the service itself, counted per use. */
  readonly local: number;
  /** Contained, `urn:`, conditional, or of other services: not checked. */
  readonly elsewhere: number;
  /** Target missing in the target although the source has it: a fault of the migration. */
  readonly broken: number;
  readonly brokenExamples: readonly DanglingReference[];
  /** Target missing in the source too. */
  readonly danglingInSource: number;
  readonly danglingExamples: readonly DanglingReference[];
}

/** Feed all ids of the pass first, then the references of the target's current versions. */
export interface ClosureCheck {
  addId(side: 'source' | 'target', resourceType: string, id: string): void;
  addReference(from: string, reference: string): void;
  finish(): ReferenceClosure;
}

/** What the caller brings for a certificate; everything else in it follows from these. */
export interface CertificateFacts {
  readonly madeAt: string;
  /** Product and version. */
  readonly madeBy: string;
  readonly comparedAt: string;
  readonly migration: Certificate['migration'];
  /** As exported, after the repairs listed below. */
  readonly source: Digest;
  readonly target: Digest;
  /** The quarantined ones among the source's entries. */
  readonly excepted?: Digest;
  /** Of `source` less `excepted` against `target`; left out when those are equal. */
  readonly differences?: Differences;
  readonly ledger: Certificate['ledger'];
  readonly quarantine: Account;
  readonly repairs: Account;
  /** `kind` of each is its resource type. */
  readonly hardDeletes: Account;
  readonly references?: ReferenceClosure;
}

/** Counts per kind, exact, and the first so many items by name. Its finish is part of a certificate. */
export interface AccountBuilder {
  add(item: AccountItem): void;
  finish(): Account;
}

/** An Ed25519 private key in PEM (PKCS 8). */
export interface SigningKey {
  readonly privateKey: string;
}

/** One thing that was recomputed. `problem` is undefined when it holds. */
export interface CheckedPoint {
  readonly point: string;
  readonly problem: string | undefined;
}

export type SignatureState =
  | { readonly kind: 'none' }
  /** Made by the key in the file, which nobody vouches for. */
  | { readonly kind: 'unknown-key'; readonly publicKey: string }
  | { readonly kind: 'trusted'; readonly publicKey: string }
  | { readonly kind: 'wrong'; readonly reason: string };

export type CheckResult =
  | {
      readonly kind: 'sound' | 'unsound';
      readonly points: readonly CheckedPoint[];
      readonly signature: SignatureState;
      /** Undefined when its form is broken. */
      readonly certificate: Certificate | undefined;
      /** Plain sentences; nothing is proved by an unsound one. */
      readonly proves: readonly string[];
      readonly doesNotProve: readonly string[];
    }
  /** Nothing that could ever have been a certificate. */
  | { readonly kind: 'unreadable'; readonly reason: string };
