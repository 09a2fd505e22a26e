import process from 'node:process';
import { parseArgs } from 'node:util';
import { EventGridError } from './event-grid-error.ts';
import { defaultPort, type EventGridOptions, startEventGrid } from './index.ts';

/**
 *     node local/event-grid/main.ts --port N --data DIR --key KEY --time-scale 0.01
 *       --concurrency N --storage CONNECTION --dead-letter-lag MINUTES
 *       --publisher-token TOKEN (as often as there are tokens) --clock-offset-ms N
 */
async function main(): Promise<void> {
  const { url, close } = await startEventGrid(optionsFromArguments());
  const leave = () => void close().finally(() => process.exit(0));
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
  process.once('disconnect', leave);
  process.send?.({ type: 'ready', url });
  process.stdout.write(`Event Grid stand-in listens on ${url}\n`);
}

function optionsFromArguments(): EventGridOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: String(defaultPort) },
      data: { type: 'string' },
      key: { type: 'string' },
      'time-scale': { type: 'string', default: '1' },
      concurrency: { type: 'string', default: '4' },
      storage: { type: 'string' },
      'dead-letter-lag': { type: 'string', default: '0' },
      'publisher-token': { type: 'string', multiple: true },
      'clock-offset-ms': { type: 'string', default: '0' },
    },
  });
  const timeScale = Number(values['time-scale']);
  if (!(timeScale > 0)) throw wrong('time-scale', 'a number above 0');
  const clockOffsetMs = Number(values['clock-offset-ms']);
  if (!Number.isInteger(clockOffsetMs)) throw wrong('clock-offset-ms', 'a whole number');
  return {
    port: wholeNumber('port', values.port, 0),
    dataFolder: values.data,
    key: values.key,
    publisherTokens: values['publisher-token'],
    clockOffsetMs,
    timeScale,
    concurrency: wholeNumber('concurrency', values.concurrency, 1),
    storageConnection: values.storage,
    deadLetterLagMinutes: wholeNumber('dead-letter-lag', values['dead-letter-lag'], 0),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= 65_535) return number;
  throw wrong(name, `a whole number from ${least} to 65535`);
}

function wrong(name: string, expected: string): EventGridError {
  return new EventGridError(400, 'ArgumentInvalid', `--${name} must be ${expected}.`);
}

main().catch((problem: unknown) => {
  const text = problem instanceof Error ? problem.message : String(problem);
  process.stderr.write(`The Event Grid stand-in did not start. ${text}\n`);
  process.exit(1);
});
