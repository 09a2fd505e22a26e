export interface StoragePorts {
  readonly blob: number;
  readonly queue: number;
  readonly table: number;
}

export interface AzuriteSettings {
  readonly ports: StoragePorts;
  /** Undefined keeps everything in memory and writes no file at all. */
  readonly dataFolder: string | undefined;
}

/** Azurite's usual ports; the Azure tools know them by the word `UseDevelopmentStorage=true`. */
export const defaultPorts: StoragePorts = { blob: 10_000, queue: 10_001, table: 10_002 };

/**
 * Command line of Azurite 3.37. Telemetry is off because a stand-in on one
 * machine calls nobody; the version check is off because the Azure SDKs ask
 * for newer service versions than Azurite knows (facts peers, "Azurite").
 */
export function azuriteArguments({ ports, dataFolder }: AzuriteSettings): string[] {
  return [
    '--silent',
    '--skipApiVersionCheck',
    '--disableTelemetry',
    ...(['blob', 'queue', 'table'] as const).flatMap((service) => [
      `--${service}Host`,
      '127.0.0.1',
      `--${service}Port`,
      String(ports[service]),
    ]),
    ...(dataFolder === undefined ? ['--inMemoryPersistence'] : ['--location', dataFolder]),
  ];
}

// Azurite's published development account; every Azure tool knows it and it guards nothing.
const developmentAccount = 'devstoreaccount1';
const developmentKey =
  'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';

/** The connection string of a running Azurite with these ports. */
export function connectionStringOf(ports: StoragePorts, account = developmentAccount): string {
  const endpoint = (port: number) => `http://127.0.0.1:${port}/${account}`;
  return [
    'DefaultEndpointsProtocol=http',
    `AccountName=${account}`,
    `AccountKey=${developmentKey}`,
    `BlobEndpoint=${endpoint(ports.blob)}`,
    `QueueEndpoint=${endpoint(ports.queue)}`,
    `TableEndpoint=${endpoint(ports.table)};`,
  ].join(';');
}

/** Azurite's setting for accounts beside the development account; all have the key of that one. */
export function accountsSetting(accounts: readonly string[]): string {
  return [developmentAccount, ...accounts]
    .map((account) => `${account}:${developmentKey}`)
    .join(';');
}
