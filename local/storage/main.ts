import { mkdirSync, openSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import {
  accountsSetting,
  azuriteArguments,
  connectionStringOf,
  defaultPorts,
} from './azurite-arguments.ts';
import { claimPorts } from './ports.ts';
import { StorageError } from './storage-error.ts';

const azuriteEntry: string = 'azurite/dist/src/azurite.js';

/**
 * Azurite has no in-process interface that it promises to keep, so it runs in
 * a child of its own around its published entry. This wrapper exists because
 * Azurite alone would outlive a parent that was killed.
 *
 *     node local/storage/main.ts --data DIR --blob-port N --queue-port N --table-port N --account NAME
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      'blob-port': { type: 'string', default: String(defaultPorts.blob) },
      'queue-port': { type: 'string', default: String(defaultPorts.queue) },
      'table-port': { type: 'string', default: String(defaultPorts.table) },
      account: { type: 'string', multiple: true, default: [] },
    },
  });
  const ports = await claimPorts({
    blob: portFrom('blob', values['blob-port']),
    queue: portFrom('queue', values['queue-port']),
    table: portFrom('table', values['table-port']),
  });
  exitWithParent();
  if (values.data === undefined) process.chdir(tmpdir());
  else mkdirSync(values.data, { recursive: true });
  const ready = logUntilReady(values.data);
  process.argv.splice(
    2,
    process.argv.length,
    ...azuriteArguments({ ports, dataFolder: values.data }),
  );
  process.env['AZURITE_ACCOUNTS'] = accountsSetting(values.account);
  await import(azuriteEntry);
  await ready;
  const connectionString = connectionStringOf(ports);
  process.send?.({ type: 'ready', url: `http://127.0.0.1:${ports.blob}`, ports, connectionString });
}

function portFrom(service: string, text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new StorageError(
    'ARGUMENT_INVALID',
    `--${service}-port must be a whole number from 0 to 65535.`,
  );
}

/** Azurite announces each service on the console; those lines go to the log file and tell when it is ready. */
function logUntilReady(dataFolder: string | undefined): Promise<void> {
  const file =
    dataFolder === undefined ? undefined : openSync(join(dataFolder, 'azurite.log'), 'a');
  return new Promise((resolve) => {
    console.log = (...parts: readonly unknown[]) => {
      const line = parts.join(' ');
      if (file !== undefined) writeSync(file, `${line}\n`);
      if (line.startsWith('Azurite Table service is successfully listening')) resolve();
    };
  });
}

/** Azurite saves its databases on SIGTERM; the deadline holds even if that save hangs. */
function exitWithParent(): void {
  const leave = () => setTimeout(() => process.exit(0), 5_000).unref();
  process.once('SIGTERM', leave);
  process.once('SIGINT', leave);
  process.once('disconnect', () => process.emit('SIGTERM'));
}

main().catch((problem: unknown) => {
  const text = problem instanceof Error ? problem.message : String(problem);
  process.stderr.write(`Storage did not start. ${text}\n`);
  process.exit(1);
});
