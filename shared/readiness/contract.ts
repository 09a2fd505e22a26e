import type { ServiceComparison } from './compare-services.ts';
import type { ServiceDescription } from './description.ts';

/** How a service answers, beside what it says of itself. */
export interface ServiceFacts {
  readonly url: string;
  /** Undefined when `/metadata` answers no CapabilityStatement. */
  readonly description: ServiceDescription | undefined;
  /** Seconds by which its clock is ahead of the app's. */
  readonly clockAheadSeconds: number;
  /** Status of `.well-known/smart-configuration`. */
  readonly smartStatus: number;
  /** Status of a kick-off without the header that it needs; null when none was sent. */
  readonly exportStatus: number | null;
  readonly importStatus: number | null;
}

export interface TypeCount {
  readonly type: string;
  readonly resources: number;
  /** All versions, deletes included; null where it is not counted. */
  readonly versions: number | null;
  /** Null when the target was not counted by type, because it is empty. */
  readonly inTarget: number | null;
  /** Mean size of a sample as JSON; null without a sample. */
  readonly bytesPerResource: number | null;
}

export interface AnonymizationFacts {
  readonly name: string;
  /** `absent`: there is no such blob; `unreadable`: it is no configuration. */
  readonly state: 'readable' | 'absent' | 'unreadable';
  /** Methods that give other content each time, so that neither overlap nor proof can work. */
  readonly changing: readonly string[];
  /** A rule may touch `meta`, which carries version and instant. */
  readonly touchesMeta: boolean;
}

/** What a plan asks for, as far as readiness depends on it. */
export interface PlanFacts {
  readonly types: readonly string[];
  readonly history: boolean;
  readonly deletes: boolean;
  readonly ranged: boolean;
  readonly anonymizationConfig: string | null;
}

/** Everything that was found out; the report follows from it alone. */
export interface ReadinessFacts {
  readonly madeAt: string;
  readonly migrationId: string | null;
  readonly plan: PlanFacts;
  readonly source: ServiceFacts;
  readonly target: ServiceFacts;
  readonly counts: readonly TypeCount[];
  readonly targetResources: number;
  readonly oldest: string | null;
  readonly newest: string | null;
  /** Null: writing, reading and deleting a probe worked; else why not. */
  readonly storageProblem: string | null;
  readonly customSearchParameters: readonly string[];
  /** Those of them that the target has under the same URL. */
  readonly searchParametersInTarget: readonly string[];
  readonly profiles: readonly string[];
  readonly anonymization: AnonymizationFacts | null;
}

/**
 * `done`: nothing is to be done; `automatic`: the migration does it; `person`: somebody has to look
 * or act; `impossible`: it cannot start before this is mended.
 */
export type ItemStatus = 'done' | 'automatic' | 'person' | 'impossible';

export interface ReadinessItem {
  readonly title: string;
  readonly status: ItemStatus;
  readonly found: string;
  /** What to do; null when nothing. */
  readonly action: string | null;
}

export interface ReadinessReport {
  readonly madeAt: string;
  readonly migrationId: string | null;
  /** Nothing is in the way. */
  readonly possible: boolean;
  /** All reasons why not, each with its remedy. */
  readonly reasons: readonly string[];
  readonly source: DescribedService;
  readonly target: DescribedService;
  /** Null when one of them does not describe itself. */
  readonly comparison: ServiceComparison | null;
  readonly checks: readonly ReadinessItem[];
  /** The configuration checklist of Microsoft's migration guide. */
  readonly checklist: readonly ReadinessItem[];
  readonly traps: readonly DataTrap[];
  readonly types: readonly TypeCount[];
  readonly total: {
    readonly resources: number;
    readonly versions: number | null;
    /** NDJSON of all versions, from the samples. */
    readonly bytes: number;
    readonly inTarget: number;
  };
  readonly searchParameters: readonly { readonly url: string; readonly inTarget: boolean }[];
  readonly profiles: readonly string[];
}

export interface DescribedService {
  readonly url: string;
  readonly fhirVersion: string | null;
  readonly software: string | null;
}

/** Something in data that migrations are known to fail at (facts/migration.md §2.3). */
export interface DataTrap {
  readonly trap: string;
  readonly when: 'now' | 'during the export' | 'during the import';
  readonly what: string;
}
