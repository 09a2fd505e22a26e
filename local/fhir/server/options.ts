export interface FhirOptions {
  /** 0 takes any free port. */
  readonly port: number;
  /** Folder of the database; undefined keeps everything in memory. */
  readonly dataFolder?: string | undefined;
  /** Publish URL of an Event Grid topic; without it no events are kept or sent. */
  readonly eventsUrl?: string | undefined;
  /** Sent as `aeg-sas-key`. */
  readonly eventsKey?: string | undefined;
  /** Host name of the FHIR account in event subjects. Default `local-fhir.fhir.azurehealthcareapis.com`. */
  readonly account?: string | undefined;
  /** Check the structure of resources on write, as Azure does. Default true. */
  readonly validateWrites?: boolean | undefined;
  /** Entries allowed in one bundle. Default 500. */
  readonly maximumBundleEntries?: number | undefined;
  /** Bytes allowed in one request body. Default 64 MiB. */
  readonly maximumBodyBytes?: number | undefined;
  /** Connection string of the storage account of $export and $import; without it neither works. */
  readonly storage?: string | undefined;
  /** Multiplies the waits of bulk jobs on Azure (15 s settling, 60 s queue). Default 0: none. */
  readonly bulkTimeScale?: number | undefined;
  /** Locks the API for writes and lets $import load in its InitialLoad mode. Default false. */
  readonly initialImportMode?: boolean | undefined;
  /** Sends events of imported versions too, which Azure is not known to do. Default false. */
  readonly importEvents?: boolean | undefined;
  /** The clock of this service runs this many milliseconds ahead of the machine's; negative for behind. Default 0. */
  readonly clockOffsetMs?: number | undefined;
  /** Types that the CapabilityStatement names, for a service that has few; all work even so. Default all. */
  readonly describedTypes?: readonly string[] | undefined;
}

export const defaultAccount = 'local-fhir.fhir.azurehealthcareapis.com';
export const defaultBundleEntries = 500;
export const defaultBodyBytes = 64 * 1024 * 1024;
