import { parseArgs } from 'node:util';
import { defaultTakeOverSeconds, type WantedPort } from './free-ports.ts';
import { RunError } from './run-error.ts';

/** What `npm start -- …` was asked for. Ports may also come from the environment, e.g. `FHIR_PORT`. */
export interface RunOptions {
  readonly patients: number;
  /** Folder of NDJSON to feed instead of generated patients. */
  readonly from: string | undefined;
  readonly seed: boolean;
  readonly once: boolean;
  /** Folder that keeps all state; without one, everything is in memory. */
  readonly data: string | undefined;
  readonly summary: string | undefined;
  readonly pack: string;
  readonly seedNumber: number;
  /** How long ports are waited for that another process still has. */
  readonly takeOverSeconds: number;
  readonly ports: Ports;
}

export interface Ports {
  readonly functions: number;
  readonly fhir: number;
  readonly dataverse: number;
  readonly eventGrid: number;
  readonly blob: number;
  readonly queue: number;
  readonly table: number;
}

export const usage = `usage: npm start -- [options]
  --patients N      synthetic patients to feed (default 10)
  --from DIR        feed the NDJSON files of a folder instead (*.ndjson, *.ndjson.gz)
  --no-seed         feed nothing
  --once            exit when everything has come to rest
  --data DIR        keep all state in a folder, and go on from it
  --summary FILE    write the closing figures as JSON
  --pack NAME       map pack to enable (default demo)
  --seed N          number that the synthetic patients grow from (default 1)
  --take-over SECONDS  wait for ports that a killed run still has (default 15)
  --functions-port N --fhir-port N --dataverse-port N --event-grid-port N
  --blob-port N --queue-port N --table-port N   (0 takes a free one)
`;

const portDefaults = {
  functions: 7071,
  fhir: 8080,
  dataverse: 8081,
  eventGrid: 8082,
  blob: 10_000,
  queue: 10_001,
  table: 10_002,
} as const satisfies Ports;

const portNames = Object.keys(portDefaults).filter(
  (name): name is keyof Ports => name in portDefaults,
);

const portFlag = (name: keyof Ports) =>
  name === 'eventGrid' ? 'event-grid-port' : (`${name}-port` as const);

/** What each port is called on the command line. */
export const wantedPorts = (ports: Ports): readonly WantedPort[] =>
  portNames.map((name) => ({ flag: portFlag(name), port: ports[name] }));

const text = { type: 'string' } as const;

const flags = {
  patients: text,
  from: text,
  'no-seed': { type: 'boolean', default: false },
  once: { type: 'boolean', default: false },
  data: text,
  summary: text,
  pack: { type: 'string', default: 'demo' },
  seed: text,
  'take-over': text,
  help: { type: 'boolean', default: false },
  'functions-port': text,
  'fhir-port': text,
  'dataverse-port': text,
  'event-grid-port': text,
  'blob-port': text,
  'queue-port': text,
  'table-port': text,
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

/** @throws RunError naming the argument and how to correct it */
export function readOptions(args: readonly string[], environment: Environment): RunOptions {
  const values = parse(args);
  if (values.from !== undefined && values.patients !== undefined) {
    throw new RunError(
      '--from and --patients exclude each other: feed a folder, or synthetic patients.',
    );
  }
  return {
    patients: wholeNumber('--patients', values.patients ?? '10', 1_000_000),
    from: values.from,
    seed: !values['no-seed'],
    once: values.once,
    data: values.data,
    summary: values.summary,
    pack: values.pack,
    seedNumber: wholeNumber('--seed', values.seed ?? '1', 2 ** 31),
    takeOverSeconds: wholeNumber(
      '--take-over',
      values['take-over'] ?? String(defaultTakeOverSeconds),
      3_600,
    ),
    ports: portsFrom(values, environment),
  };
}

type Values = ReturnType<typeof parse>;

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true }).values;
  } catch (error) {
    throw new RunError(`${error instanceof Error ? error.message : 'wrong arguments'}\n${usage}`);
  }
}

function portsFrom(values: Values, environment: Environment): Ports {
  const port = (name: keyof Ports): number => {
    const flag = portFlag(name);
    const variable = flag.replaceAll('-', '_').toUpperCase();
    const given = values[flag] ?? environment[variable];
    return wholeNumber(`--${flag}`, given ?? String(portDefaults[name]), 65_535);
  };
  return {
    functions: port('functions'),
    fhir: port('fhir'),
    dataverse: port('dataverse'),
    eventGrid: port('eventGrid'),
    blob: port('blob'),
    queue: port('queue'),
    table: port('table'),
  };
}

function wholeNumber(name: string, given: string, most: number): number {
  const value = Number(given);
  if (/^\d+$/.test(given) && value <= most) return value;
  throw new RunError(`${name} must be a whole number from 0 to ${most}, not "${given}".`);
}
