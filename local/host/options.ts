import type { LogLevel } from './app/core-contract.ts';
import type { Environment } from './settings/app-settings.ts';
import type { HostKeys } from './settings/keys.ts';

export interface HostOptions {
  /** Folder of a function app, or its entry file. */
  readonly app: string;
  /** 0 takes a free port. */
  readonly port: number;
  /** Where the app finds its settings: `process.env`. Settings from files are added to it. */
  readonly environment: Environment;
  /** Keeps keys, timers and durable instances; undefined keeps them in memory. */
  readonly dataFolder?: string | undefined;
  /** Instead of the app's own local.settings.json. */
  readonly settingsFile?: string | undefined;
  /** Keys that are not given are taken from the data folder, or made. */
  readonly keys?: Partial<HostKeys> | undefined;
  /** Asks no key of callers of function-level HTTP functions, as `func start` does on loopback. Default false. */
  readonly openFunctions?: boolean | undefined;
  /** Least level of log lines; else host.json's logging.logLevel.default, else warning. */
  readonly logLevel?: LogLevel | undefined;
  /** Receives log lines; standard error by default. */
  readonly print?: ((line: string) => void) | undefined;
  /** Bytes of a request body; 100 MB by default, as on Azure. */
  readonly bodyLimit?: number | undefined;
  /** Seconds that running functions get to finish on close; 10 by default. */
  readonly drainSeconds?: number | undefined;
  /** Seconds that a data folder which another process still has is waited for; 8 by default. */
  readonly takeOverSeconds?: number | undefined;
}

export interface RunningHost {
  readonly url: string;
  readonly keys: HostKeys;
  /** Names of the functions that the app registered. */
  readonly functions: readonly string[];
  /** Takes nothing new, lets running functions finish, then stops. */
  close(): Promise<void>;
}
