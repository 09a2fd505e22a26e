import { type DataverseOptions, startDataverse } from '../../../local/dataverse/index.ts';
import {
  createDataverseClient,
  type DataverseClient,
  type DataverseClientOptions,
} from '../../../shared/dataverse/index.ts';
import { createHttp, type HttpSend } from '../../../shared/http/index.ts';

export interface StandIn {
  readonly url: string;
  readonly client: DataverseClient;
  readonly send: HttpSend;
  /** Another client of the same organisation. */
  clientWith(options: Partial<DataverseClientOptions>): DataverseClient;
  /** Scripts faults; see the stand-in's `/_control/faults`. */
  fault(...rules: readonly object[]): Promise<void>;
  clearFaults(): Promise<void>;
  close(): Promise<void>;
}

/** The stand-in in this process, in memory, and a client of it over HTTP. */
export async function startStandIn(options: DataverseOptions = {}): Promise<StandIn> {
  const server = await startDataverse(options);
  const send = createHttp({ allowedOrigins: [server.url], userAgent: 'unit-test/1' });
  const base = { url: `${server.url}/api/data/v9.2`, send };
  const faults = `${server.url}/_control/faults`;
  return {
    url: server.url,
    client: createDataverseClient(base),
    send,
    clientWith: (more) => createDataverseClient({ ...base, ...more }),
    fault: async (...rules) => {
      await send({ method: 'POST', url: faults, body: JSON.stringify(rules) });
    },
    clearFaults: async () => {
      await send({ method: 'DELETE', url: faults });
    },
    close: () => server.close(),
  };
}
