import { once } from 'node:events';
import { CallCounts } from './call-counts.ts';
import { openDatabase } from './database.ts';
import { FaultPlan } from './faults.ts';
import { loadModel } from './model-files.ts';
import { writePlatformRows } from './platform-rows.ts';
import { RowStore } from './row-store.ts';
import { createHttpServer } from './server.ts';
import { type ProtectionLimits, ServiceProtection } from './service-protection.ts';
import { WebApi } from './web-api.ts';

export interface DataverseOptions {
  /** 0 or absent: a free port. */
  readonly port?: number;
  /** Folder of the database; absent: in memory. */
  readonly dataFolder?: string;
  /** Model files (`model-schema.ts`) laid over the built-in model, in order. */
  readonly extensions?: readonly string[];
  /** Answer 401 to calls without an Authorization header. */
  readonly requireToken?: boolean;
  /** Service protection limits; absent: none. */
  readonly protection?: ProtectionLimits;
  /** Value of `x-ms-dop-hint`; default 8. */
  readonly dopHint?: number;
  /** Milliseconds from declaring a key to its being Active; default 500. */
  readonly keyBuildMs?: number;
  /** Milliseconds that a delta link lives; default 7 days, as in Dataverse. */
  readonly deltaLifeMs?: number;
}

export interface RunningDataverse {
  /** Base of the service, without `/api/data/v9.2`. */
  readonly url: string;
  close(): Promise<void>;
}

const sevenDaysMs = 7 * 24 * 3600 * 1000;

/**
 * Starts the Dataverse Web API stand-in on 127.0.0.1. Rejects with the system
 * error (`EADDRINUSE`) when the port is taken and with `ModelFileError` for an
 * extension file that cannot be used.
 */
export async function startDataverse(options: DataverseOptions = {}): Promise<RunningDataverse> {
  const model = loadModel(options.extensions);
  const database = openDatabase(options.dataFolder);
  const store = new RowStore(database, model);
  writePlatformRows(store, model);
  const counts = new CallCounts();
  const faults = new FaultPlan();
  const protection = new ServiceProtection(options.protection);
  const api = new WebApi({
    base: {
      model,
      store,
      keyBuildMs: options.keyBuildMs ?? 500,
      deltaLifeMs: options.deltaLifeMs ?? sevenDaysMs,
    },
    faults,
    counts,
    protection,
    requireToken: options.requireToken ?? false,
    dopHint: options.dopHint ?? 8,
  });
  const running = (): number => api.running;
  const server = createHttpServer(api, { model, store, counts, faults, protection, running });
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    close: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
      database.close();
    },
  };
}
