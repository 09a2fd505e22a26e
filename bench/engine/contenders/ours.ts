import { fileURLToPath } from 'node:url';
import { startLocalHost } from '../../local-host.ts';
import { packageVersion } from '../../package-version.ts';
import type { Contender, Prepare } from '../contender.ts';
import { serveContender } from '../serve-contender.ts';

/**
 * The whole host with a function app as anyone would write it, started over its
 * HTTP management API from here, a process outside.
 */
async function prepare({ folder }: Prepare): Promise<Contender> {
  const host = await startLocalHost(fileURLToPath(new URL('../app', import.meta.url)), folder);
  return {
    versions: {
      'local host': packageVersion('.'),
      'durable-functions': packageVersion('durable-functions'),
    },
    run: ({ name, instances }) => host.finish(name, instances),
    close: host.close,
  };
}

await serveContender(prepare);
