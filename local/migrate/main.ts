import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { enterDataFolder } from '../run/data-folder.ts';
import { RunError } from '../run/run-error.ts';
import { fillSource } from './fill-source.ts';
import { createMigrationApi, type MigrationApi, type ShownMigration } from './migration-api.ts';
import { type MigrateOptions, readMigrateOptions, usage } from './options.ts';
import { createProgressView } from './progress-view.ts';
import { summarize, summaryTable } from './summary.ts';
import { type MigrationSystem, startMigrationSystem } from './system.ts';

const say = (text: string) => void process.stdout.write(`${text}\n`);

/** `npm run migrate`: moves one FHIR service to another through the product's own API, and shows it. */
async function main(): Promise<void> {
  if (process.argv.includes('--help')) return say(usage);
  const options = readMigrateOptions(process.argv.slice(2));
  const folder = options.data === undefined ? undefined : await enterDataFolder(options.data);
  const began = performance.now();
  say('Starting storage, the FHIR services and the Functions host …');
  let ending = false;
  const system = await startMigrationSystem({
    ...options,
    onUnexpectedEnd: (name) => {
      if (!ending)
        fail(
          new RunError(`${name} ended unexpectedly. Start again with the same --data to go on.`),
        );
    },
    onHostRestarted: () => say('  the Functions host had ended; it runs again'),
    onWait: say,
  });
  const leave = async (code: number) => {
    if (ending) return;
    ending = true;
    await system.stop();
    await folder?.leave();
    process.exit(code);
  };
  process.once('SIGINT', () => void leave(0));
  process.once('SIGTERM', () => void leave(0));
  say(
    `  source ${system.sourceUrl}\n  target ${system.targetUrl}\n  API    ${system.functionsUrl()}/api/migrations`,
  );
  const equal = await run(options, system, began);
  if (options.once) await leave(equal ? 0 : 1);
  say('The migration has ended; the services stay up. Ctrl+C ends them.');
}

async function run(
  options: MigrateOptions,
  system: MigrationSystem,
  began: number,
): Promise<boolean> {
  if (options.source === undefined) await fillSource(options, system.sourceUrl, say);
  const api = createMigrationApi(system.functionsUrl);
  const id = await startOrGoOn(api, options);
  const shown = await untilEnded(api, id, options);
  const seconds = (performance.now() - began) / 1000;
  if (shown.state === 'stopped') return false;
  const certificate = await api.certificate(id);
  if (options.certificate !== undefined) await writeFile(options.certificate, certificate);
  const summary = summarize(shown, certificate, seconds);
  say(summaryTable(summary));
  if (options.summary !== undefined) {
    await writeFile(options.summary, `${JSON.stringify(summary, null, 2)}\n`);
  }
  return summary.ledgerCloses && summary.verdict !== 'different';
}

/** With a data folder, a migration that was under way goes on where it was. */
async function startOrGoOn(api: MigrationApi, options: MigrateOptions): Promise<string> {
  const open = (await api.list()).find(({ state }) => !hasEnded(state));
  if (open !== undefined) {
    await api.order(open.id, 'resume');
    return open.id;
  }
  return api.start({
    ...(options.source === undefined ? localPlan : {}),
    ...(options.once ? { cutOver: 'when-caught-up' } : {}),
    ...options.plan,
  });
}

const hasEnded = (state: string): boolean => ['completed', 'stopped', 'different'].includes(state);

/** On one machine nobody else writes, and jobs take seconds. */
const localPlan = {
  lagSeconds: 1,
  overlapSeconds: 1,
  intervalSeconds: 2,
  pollSeconds: { first: 0.1, most: 5 },
};

async function untilEnded(
  api: MigrationApi,
  id: string,
  { once }: Pick<MigrateOptions, 'once'>,
): Promise<ShownMigration> {
  const view = createProgressView();
  const blocks = createBlockCount();
  let silent = 0;
  for (;;) {
    const shown = await api.show(id).catch(() => undefined);
    silent = shown === undefined ? silent + 1 : 0;
    if (silent > mostSilent) throw new RunError('The API of the app no longer answers.');
    if (shown !== undefined) view.show(shown);
    if (once && shown !== undefined) endWhenBlocked(shown, blocks(shown));
    // A host that was lost has forgotten its orchestrations when nothing is kept on disk.
    if (silent > 0) await api.order(id, 'resume').catch(() => undefined);
    if (shown !== undefined && hasEnded(shown.state) && shown.cleanup?.state === 'done') {
      view.end();
      return shown;
    }
    await sleep(500);
  }
}

/** A migration that is blocked tries again by itself; nobody waits beside one that is to end by itself. */
const mostBlocks = 2;

function endWhenBlocked({ reason }: ShownMigration, blocks: number): void {
  if (blocks <= mostBlocks) return;
  throw new RunError(
    `The migration is blocked (${reason ?? 'no reason given'}). Mend that, and start again with the same --data to go on.`,
  );
}

/** Times that a migration was blocked, as seen from outside. */
function createBlockCount(): (shown: ShownMigration) => number {
  let [count, wasBlocked] = [0, false];
  return ({ state }) => {
    const isBlocked = state === 'blocked';
    if (isBlocked && !wasBlocked) count += 1;
    wasBlocked = isBlocked;
    return count;
  };
}

/** Looks in a row that may fail, half a second apart, while the host is started again. */
const mostSilent = 120;

function fail(error: unknown): void {
  const text = error instanceof RunError ? error.message : error;
  process.stderr.write(`${text instanceof Error ? text.stack : text}\n`);
  process.exit(1);
}

main().catch(fail);
