import type { LogLevel } from '../app/core-contract.ts';

const order: readonly LogLevel[] = [
  'trace',
  'debug',
  'information',
  'warning',
  'error',
  'critical',
];

export interface LogEntry {
  readonly level: LogLevel;
  /** Function name, or the part of the host that speaks. */
  readonly source: string;
  readonly message: string;
}

export interface HostLog {
  readonly enabled: (level: LogLevel) => boolean;
  write(entry: LogEntry): void;
}

/** One line per entry: time, level, source, text. Line breaks in the text are indented, so that a new entry is seen at once. */
export function createHostLog(minimum: LogLevel, print: (line: string) => void): HostLog {
  const least = order.indexOf(minimum);
  const enabled = (level: LogLevel): boolean => order.indexOf(level) >= least;
  return {
    enabled,
    write({ level, source, message }) {
      if (!enabled(level)) return;
      const text = message.replace(/\r?\n/g, '\n    ');
      print(`${new Date().toISOString()} ${level.padEnd(11)} ${source}: ${text}\n`);
    },
  };
}
