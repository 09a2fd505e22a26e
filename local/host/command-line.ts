import { parseArgs } from 'node:util';
import type { LogLevel } from './app/core-contract.ts';
import { HostError, messageOf } from './host-error.ts';
import type { HostOptions } from './options.ts';
import type { Environment } from './settings/app-settings.ts';
import type { HostKeys } from './settings/keys.ts';

export const usage = `usage: node local/host/main.ts [options]
  --app PATH          folder of the function app, or its entry file (default: this folder)
  --port N            default 7071; 0 takes a free one
  --data DIR          keeps keys, timers and durable instances; without it they live in memory
  --settings FILE     instead of the app's local.settings.json
  --function-key K    --system-key K    --master-key K
  --open-functions    ask no key for function-level HTTP functions, as func start does
  --log-level LEVEL   trace, debug, information, warning (default), error, critical
  --body-limit BYTES  largest request body (default 100 MB)
  --drain SECONDS     time for running functions to finish on close (default 10)
  --take-over SECONDS wait for a data folder that another process still has (default 8)
`;

const levels: readonly LogLevel[] = [
  'trace',
  'debug',
  'information',
  'warning',
  'error',
  'critical',
];

const flags = {
  app: { type: 'string', default: '.' },
  port: { type: 'string', default: '7071' },
  data: { type: 'string' },
  settings: { type: 'string' },
  'function-key': { type: 'string' },
  'system-key': { type: 'string' },
  'master-key': { type: 'string' },
  'open-functions': { type: 'boolean' },
  'log-level': { type: 'string' },
  'body-limit': { type: 'string' },
  drain: { type: 'string' },
  'take-over': { type: 'string' },
} as const;

/** @throws HostError ARGUMENT_INVALID */
export function readCommandLine(args: readonly string[], environment: Environment): HostOptions {
  const values = parse(args);
  return {
    app: values.app,
    port: numberFrom('port', values.port, 65_535) ?? 0,
    environment,
    dataFolder: values.data,
    settingsFile: values.settings,
    keys: keysFrom({
      function: values['function-key'],
      system: values['system-key'],
      master: values['master-key'],
    }),
    openFunctions: values['open-functions'],
    logLevel: levelFrom(values['log-level']),
    bodyLimit: numberFrom('body-limit', values['body-limit'], 2 ** 31),
    drainSeconds: numberFrom('drain', values.drain, 3_600),
    takeOverSeconds: numberFrom('take-over', values['take-over'], 3_600),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: flags, strict: true }).values;
  } catch (problem) {
    throw new HostError('ARGUMENT_INVALID', `${messageOf(problem)}\n${usage}`);
  }
}

function keysFrom(given: Readonly<Record<keyof HostKeys, string | undefined>>): Partial<HostKeys> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

function numberFrom(flag: string, text: string | undefined, most: number): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (/^\d+$/.test(text) && value <= most) return value;
  throw new HostError(
    'ARGUMENT_INVALID',
    `--${flag} must be a whole number from 0 to ${most}, not "${text}".`,
  );
}

function levelFrom(text: string | undefined): LogLevel | undefined {
  if (text === undefined) return undefined;
  const level = levels.find((each) => each === text.toLowerCase());
  if (level !== undefined) return level;
  throw new HostError(
    'ARGUMENT_INVALID',
    `--log-level must be one of ${levels.join(', ')}, not "${text}".`,
  );
}
