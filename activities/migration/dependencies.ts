import type {
  BlobStore,
  BulkExport,
  BulkImport,
  BundleImport,
  ExportFileReader,
  SearchExport,
} from '../../shared/bulk/index.ts';
import type {
  MigrationService,
  MigrationStore,
  RunRecord,
  Side,
} from '../../shared/migration/index.ts';

/** One of the two services of a migration. */
export interface MigrationEnd {
  readonly service: MigrationService;
  /** By the dialect that the assessment found. */
  readonly exporter: (dialect: NonNullable<RunRecord['exportDialect']>) => BulkExport;
  readonly openFile: ExportFileReader;
  /** Stands in for `$export` where there is none. */
  readonly pages: SearchExport;
}

/** Everything that the steps of a migration may touch. */
export interface MigrationDependencies {
  readonly store: MigrationStore;
  readonly ends: Readonly<Record<Side, MigrationEnd>>;
  readonly importer: BulkImport;
  /** Stands in for `$import` where there is none. */
  readonly bundles: BundleImport;
  readonly blobs: BlobStore;
  readonly now: () => Date;
  /**
   * How long a job may take to show itself in storage after a kick-off whose answer was lost. After
   * that there was no such job, and a new one is started (facts/migration.md §2.1: 60 s queue poll).
   */
  readonly orphanSeconds: number;
  /** Ed25519 private key (PEM) for certificates. */
  readonly signingKey: string | undefined;
}
