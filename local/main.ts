import { writeFile } from 'node:fs/promises';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { enterDataFolder } from './run/data-folder.ts';
import { feedSize, feedSystem } from './run/feed-system.ts';
import { type RunOptions, readOptions, usage } from './run/options.ts';
import { RunError } from './run/run-error.ts';
import { appStatus, untilAtRest } from './run/state-of-rest.ts';
import { summarize, summaryTable } from './run/summary.ts';
import { type RunningSystem, startSystem } from './run/system.ts';
import { createTerminal, type Terminal, thingsToTry } from './run/terminal.ts';

/** `npm start`: the whole product on this machine, fed, watched, and summed up. */
async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    process.stdout.write(usage);
    return;
  }
  const options = readOptions(process.argv.slice(2), process.env);
  const folder = options.data === undefined ? undefined : await enterDataFolder(options.data);
  const terminal = createTerminal(feedSize(options));
  const began = performance.now();
  terminal.say('Starting storage, Event Grid, FHIR, Dataverse and the Functions host …');
  let ending = false;
  const system = await startSystem({
    ...options,
    onWait: terminal.say,
    onUnexpectedEnd: (name) => {
      if (!ending)
        fail(
          new RunError(`${name} ended unexpectedly. Start again with the same --data to go on.`),
        );
    },
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
  terminal.say(whereThingsAre(system));
  const failures = await run({ options, system, terminal, began });
  if (options.once) await leave(failures > 0 ? 1 : 0);
  terminal.say(thingsToTry(system));
  while (!ending) {
    await watch(system, terminal);
    await sleep(1000);
  }
}

interface Run {
  readonly options: RunOptions;
  readonly system: RunningSystem;
  readonly terminal: Terminal;
  readonly began: number;
}

async function run({ options, system, terminal, began }: Run): Promise<number> {
  const fed = options.seed
    ? await feedSystem(options, system.fhirUrl, terminal.feeding)
    : { sent: 0, failures: 0 };
  terminal.fed();
  if (!options.seed && !options.once) return 0;
  const status = await untilAtRest(system, terminal.live);
  terminal.rest();
  const seconds = (performance.now() - began) / 1000;
  const summary = await summarize(system, {
    status,
    fed: fed.sent,
    feedFailures: fed.failures,
    seconds,
  });
  terminal.say(summaryTable(summary));
  if (fed.failures > 0)
    terminal.say(`  ${fed.failures} resources were refused by the FHIR service`);
  if (options.summary !== undefined) {
    await writeFile(options.summary, `${JSON.stringify(summary, null, 2)}\n`);
  }
  return summary.countsClose && fed.failures === 0 ? 0 : 1;
}

async function watch(system: RunningSystem, terminal: Terminal): Promise<void> {
  const status = await appStatus(system).catch(() => undefined);
  if (status !== undefined) terminal.live(status);
}

function whereThingsAre(system: RunningSystem): string {
  return [
    `  FHIR        ${system.fhirUrl}`,
    `  Dataverse   ${system.dataverseUrl}`,
    `  Functions   ${system.functionsUrl}  (status: ${system.functionsUrl}/api/status)`,
    `  Event Grid  ${system.eventGridUrl}`,
  ].join('\n');
}

function fail(error: unknown): void {
  const text = error instanceof RunError ? error.message : error;
  process.stderr.write(`${text instanceof Error ? text.stack : text}\n`);
  process.exit(1);
}

main().catch(fail);
