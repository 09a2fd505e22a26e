import type { ConsentPolicy } from '../shared/consent/index.ts';
import type { DataverseClient } from '../shared/dataverse/index.ts';
import type { FhirClient, VersionCache } from '../shared/fhir/index.ts';
import type { Ledger } from '../shared/ledger/index.ts';
import type { MapPack, PackSource, RootPlace } from '../shared/mapping/index.ts';
import type { RowDirectory } from '../shared/rows/index.ts';

/** What activities that have nothing to do with maps may touch. */
export interface MaplessDependencies {
  readonly fhir: FhirClient;
  /** Base URL of the FHIR service: absolute references below it are references to our own resources. */
  readonly fhirUrl: string;
  readonly versions: VersionCache;
  readonly dataverse: DataverseClient;
  readonly directory: RowDirectory;
  readonly ledger: Ledger;
  readonly consent: ConsentSettings;
  readonly deletePolicy: RemovalPolicy;
  readonly withdrawPolicy: RemovalPolicy;
  readonly now: () => Date;
}

/** Everything that one run of an activity may touch. */
export interface ActivityDependencies extends MaplessDependencies {
  /** The pack that the orchestration began with, whatever was edited since. */
  readonly pack: MapPack;
  /** Where rows may be by maps that ever were in use, read now. Only removals ask. */
  readonly places: () => Promise<readonly RootPlace[]>;
}

/** Everything that a host gives to activities. Built once in `triggers/app.ts`, and in tests against the stand-ins. */
export interface HostDependencies extends MaplessDependencies {
  readonly packs: Pick<PackSource, 'pinned' | 'places'>;
}

export type RemovalPolicy = 'delete' | 'deactivate';

export interface ConsentSettings {
  readonly policy: ConsentPolicy;
  /** Who receives the data in Dataverse, as actor references, and what for. */
  readonly recipients: readonly string[];
  readonly purposes: readonly string[];
}
