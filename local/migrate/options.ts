import { parseArgs } from 'node:util';
import { defaultTakeOverSeconds } from '../run/free-ports.ts';
import { RunError } from '../run/run-error.ts';

/** What `npm run migrate -- …` was asked for. */
export interface MigrateOptions {
  /** Undefined: a local service. Both or none. */
  readonly source: string | undefined;
  readonly target: string | undefined;
  readonly patients: number;
  /** Folder of NDJSON that the local source is filled from. */
  readonly from: string | undefined;
  readonly once: boolean;
  readonly data: string | undefined;
  readonly certificate: string | undefined;
  readonly summary: string | undefined;
  readonly plan: Readonly<Record<string, unknown>>;
  readonly seedNumber: number;
  /** How long ports are waited for that another process still has. */
  readonly takeOverSeconds: number;
  /** Waits of the local services' jobs: 0 none, 1 as on Azure. */
  readonly bulkTimeScale: number;
  readonly ports: MigratePorts;
}

const portDefaults = {
  functions: 7071,
  source: 8080,
  target: 8083,
  blob: 10_000,
  queue: 10_001,
  table: 10_002,
} as const;

type PortName = keyof typeof portDefaults;
export type MigratePorts = Readonly<Record<PortName, number>>;

export const usage = `usage: npm run migrate -- [options]
  --source URL --target URL   services to move from and to (without: two local ones)
  --patients N        synthetic patients in the local source (default 10)
  --from DIR          fill the local source from the NDJSON files of a folder
  --once              cut over as soon as everything is copied, and end when both are equal
  --plan JSON         settings of the migration, see docs/migration.md
  --certificate FILE  write the certificate
  --summary FILE      write the closing figures as JSON
  --data DIR          keep all state in a folder, and go on from it
  --seed N            number that the synthetic patients grow from (default 1)
  --take-over SECONDS wait for ports that a killed run still has (default 15)
  --bulk-time-scale N waits of the local services' jobs: 1 as on Azure, about a minute each (default 0)
  --functions-port N --source-port N --target-port N --blob-port N --queue-port N --table-port N   (0 takes a free one)
Services other than loopback ones need FDS_MIGRATION_STORAGE and credentials, see docs/migration.md.
`;

const text = { type: 'string' } as const;
const flags = {
  source: text,
  target: text,
  patients: text,
  from: text,
  once: { type: 'boolean', default: false },
  plan: text,
  certificate: text,
  summary: text,
  data: text,
  seed: text,
  'take-over': text,
  'bulk-time-scale': text,
  help: { type: 'boolean', default: false },
  'functions-port': text,
  'source-port': text,
  'target-port': text,
  'blob-port': text,
  'queue-port': text,
  'table-port': text,
} as const;

/** @throws RunError naming the argument and how to correct it */
export function readMigrateOptions(args: readonly string[]): MigrateOptions {
  const values = parse(args);
  if ((values.source === undefined) !== (values.target === undefined)) {
    throw new RunError(
      '--source and --target belong together: give both, or none for two local services.',
    );
  }
  const port = (name: PortName) => {
    const given = values[`${name}-port`] ?? String(portDefaults[name]);
    return wholeNumber(`--${name}-port`, given, 65_535);
  };
  return {
    source: values.source,
    target: values.target,
    patients: wholeNumber('--patients', values.patients ?? '10', 1_000_000),
    from: values.from,
    once: values.once,
    data: values.data,
    certificate: values.certificate,
    summary: values.summary,
    plan: planOf(values.plan),
    seedNumber: wholeNumber('--seed', values.seed ?? '1', 2 ** 31),
    takeOverSeconds: wholeNumber(
      '--take-over',
      values['take-over'] ?? String(defaultTakeOverSeconds),
      3_600,
    ),
    bulkTimeScale: wholeNumber('--bulk-time-scale', values['bulk-time-scale'] ?? '0', 10),
    ports: {
      functions: port('functions'),
      source: port('source'),
      target: port('target'),
      blob: port('blob'),
      queue: port('queue'),
      table: port('table'),
    },
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true }).values;
  } catch (error) {
    throw new RunError(`${error instanceof Error ? error.message : 'wrong arguments'}\n${usage}`);
  }
}

function planOf(given: string | undefined): Readonly<Record<string, unknown>> {
  if (given === undefined) return {};
  try {
    const parsed: unknown = JSON.parse(given);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed))
      return { ...parsed };
  } catch {
    // Told below, with what is expected.
  }
  throw new RunError('--plan must be a JSON object such as {"pattern":"lift-and-shift"}.');
}

function wholeNumber(name: string, given: string, most: number): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value <= most) return value;
  throw new RunError(`${name} must be a whole number from 0 to ${most}, not "${given}".`);
}
