import type { DurableEngineOptions } from './worker.ts';

type LinkOptions = Pick<DurableEngineOptions, 'baseUrl' | 'hubName' | 'systemKey'>;

function base(options: LinkOptions): string {
  return `${options.baseUrl().replace(/\/$/, '')}/runtime/webhooks/durabletask`;
}

function key(options: LinkOptions): string {
  return options.systemKey === undefined ? '' : `code=${encodeURIComponent(options.systemKey)}`;
}

function query(options: LinkOptions, first = ''): string {
  const parts = [first, `taskHub=${options.hubName}`, 'connection=Storage', key(options)];
  return parts.filter((part) => part !== '').join('&');
}

/** The management URLs of one instance, as the start response carries them. */
export function managementLinks(
  options: LinkOptions,
  instanceId: string,
): Readonly<Record<string, string>> {
  const instance = `${base(options)}/instances/${encodeURIComponent(instanceId)}`;
  return {
    id: instanceId,
    statusQueryGetUri: `${instance}?${query(options)}`,
    sendEventPostUri: `${instance}/raiseEvent/{eventName}?${query(options)}`,
    terminatePostUri: `${instance}/terminate?${query(options, 'reason={text}')}`,
    purgeHistoryDeleteUri: `${instance}?${query(options)}`,
    restartPostUri: `${instance}/restart?${query(options)}`,
    suspendPostUri: `${instance}/suspend?${query(options, 'reason={text}')}`,
    resumePostUri: `${instance}/resume?${query(options, 'reason={text}')}`,
  };
}

/** Where a status that is not final says to look again: the address that was asked, path and query as they came. */
export function askedAgain(options: LinkOptions, asked: string): string {
  return `${base(options)}${asked}`;
}

/**
 * The data of a durableClient input binding (facts durable-host 1.6); hand it
 * to the function as RpcTypedData `{ string: JSON.stringify(...) }`. With a
 * system key rpcBaseUrl is left out, because the client sends no key there;
 * it then uses the URL templates. The host must set WEBSITE_HOSTNAME to its
 * host:port, or the client turns the templates' origins to localhost:7071.
 */
export function durableClientBinding(options: LinkOptions): unknown {
  const url = base(options);
  const code = key(options);
  const start = `${url}/orchestrators/{functionName}[/{instanceId}]`;
  const wait = 'timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}';
  const rewindPostUri = `${url}/instances/INSTANCEID/rewind?${query(options, 'reason={text}')}`;
  return {
    taskHubName: options.hubName,
    connectionName: null,
    creationUrls: {
      createNewInstancePostUri: code === '' ? start : `${start}?${code}`,
      createAndWaitOnNewInstancePostUri: `${start}?${code === '' ? wait : `${wait}&${code}`}`,
    },
    managementUrls: { ...managementLinks(options, 'INSTANCEID'), rewindPostUri },
    baseUrl: url,
    requiredQueryStringParameters: code === '' ? 'code=' : code,
    rpcBaseUrl: code === '' ? `${url}/` : null,
    httpBaseUrl: null,
    maxGrpcMessageSizeInBytes: null,
    grpcHttpClientTimeout: null,
  };
}
