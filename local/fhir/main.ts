import process from 'node:process';
import { parseArgs } from 'node:util';
import { type FhirOptions, startFhir } from './index.ts';
import { badRequest } from './outcome.ts';

/**
 *     node local/fhir/main.ts --port 8080 --data DIR --events URL --events-key KEY
 *       --account HOST --bundle-entries N --body-bytes N --no-write-checks
 *       --storage CONNECTION --bulk-time-scale X --initial-import-mode --import-events
 *       --clock-offset-ms N
 */
async function main(): Promise<void> {
  const { url, close } = await startFhir(optionsFromArguments());
  const leave = () => void close().finally(() => process.exit(0));
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
  process.once('disconnect', leave);
  process.send?.({ type: 'ready', url });
  process.stdout.write(`FHIR service listens on ${url}\n`);
}

function optionsFromArguments(): FhirOptions {
  const { values } = parseArgs({
    options: {
      port: { type: 'string', default: '8080' },
      data: { type: 'string' },
      events: { type: 'string' },
      'events-key': { type: 'string' },
      account: { type: 'string' },
      'bundle-entries': { type: 'string' },
      'body-bytes': { type: 'string' },
      'no-write-checks': { type: 'boolean', default: false },
      storage: { type: 'string' },
      'bulk-time-scale': { type: 'string' },
      'initial-import-mode': { type: 'boolean', default: false },
      'import-events': { type: 'boolean', default: false },
      'clock-offset-ms': { type: 'string' },
    },
  });
  const port = wholeNumber('port', values.port) ?? 0;
  if (port > 65_535) throw badRequest('--port must be at most 65535.');
  return {
    port,
    dataFolder: values.data,
    eventsUrl: values.events,
    eventsKey: values['events-key'],
    account: values.account,
    maximumBundleEntries: wholeNumber('bundle-entries', values['bundle-entries']),
    maximumBodyBytes: wholeNumber('body-bytes', values['body-bytes']),
    validateWrites: !values['no-write-checks'],
    storage: values.storage,
    bulkTimeScale: decimalNumber('bulk-time-scale', values['bulk-time-scale']),
    initialImportMode: values['initial-import-mode'],
    importEvents: values['import-events'],
    clockOffsetMs: decimalNumber('clock-offset-ms', values['clock-offset-ms']),
  };
}

function wholeNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined || /^\d{1,10}$/.test(text))
    return text === undefined ? text : Number(text);
  throw badRequest(`--${name} must be a whole number.`);
}

function decimalNumber(name: string, text: string | undefined): number | undefined {
  if (text === undefined || /^-?\d{1,13}(\.\d+)?$/.test(text))
    return text === undefined ? text : Number(text);
  throw badRequest(`--${name} must be a number.`);
}

main().catch((problem: unknown) => {
  const text = problem instanceof Error ? problem.message : String(problem);
  process.stderr.write(`The FHIR service did not start. ${text}\n`);
  process.exit(1);
});
