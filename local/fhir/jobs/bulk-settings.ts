import type { BulkFaults } from './bulk-faults.ts';
import type { StorageAccount } from './storage-account.ts';

/** What exports and imports need to know of their service. */
export interface BulkSettings {
  /** Undefined when the service was started without storage. */
  readonly storage: StorageAccount | undefined;
  /** Multiplies the waits of the service on Azure: 0 none, 1 as there. */
  readonly timeScale: number;
  /** True while the service only takes the initial import. */
  readonly initialImportMode: boolean;
  /** The clock of the service, in milliseconds since 1970. */
  readonly now: () => number;
  readonly faults: BulkFaults;
}
