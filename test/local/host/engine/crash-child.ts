/**
 * A process that runs random plans on a data file and kills itself without
 * warning just before or just after its n-th commit. Ends with code 0 when
 * all plans have ended; the outputs and its number of commits are then on the
 * IPC channel. Arguments: data file, plans file, what to do (all, start,
 * continue), n (0 = never), before|after.
 */
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { createObservableEngine } from '../../../../local/host/engine/index.ts';
import { HandlerWorker } from '../../../../local/host/testing/index.ts';
import { eventNames, type Plan, planHandlers, planInput } from './random-plans.ts';

const [dataFile = '', plansFile = '', task = 'all', killAt = '0', when = 'after'] =
  process.argv.slice(2);
const plans = JSON.parse(readFileSync(plansFile, 'utf8')) as Plan[];

let commits = 0;
const exec = DatabaseSync.prototype.exec;
DatabaseSync.prototype.exec = function (sql: string) {
  if (sql !== 'COMMIT') return exec.call(this, sql);
  commits += 1;
  const now = commits === Number(killAt);
  if (now && when === 'before') process.kill(process.pid, 'SIGKILL');
  exec.call(this, sql);
  if (now) process.kill(process.pid, 'SIGKILL');
};

const parallel = 500;
const engine = createObservableEngine({
  worker: new HandlerWorker(
    planHandlers({
      fails: () => Math.random() < 0.3,
      turns: () => Math.floor(Math.random() * 2),
    }),
  ),
  dataFile,
  hubName: 'CrashHub',
  baseUrl: () => 'http://127.0.0.1:7071',
  maxConcurrentActivities: parallel,
  maxConcurrentOrchestrators: parallel,
  // Processes here die faster than any real one; poison.test.ts has the limit.
  interruptionLimit: Number.MAX_SAFE_INTEGER,
});
await engine.start();

async function call(method: string, path: string, body?: unknown) {
  const init = body === undefined ? {} : { body: JSON.stringify(body) };
  const headers = { 'content-type': 'application/json' };
  const response = await engine.handleManagement(
    new Request(`http://x/${path}`, { method, headers, ...init }),
  );
  const text = await response.text();
  return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
}

/** Starts the plan once; a duplicate event raised after a kill stays unread. */
async function begin(plan: Plan, id: string): Promise<void> {
  const known = await call('GET', `instances/${id}`);
  if (known.status === 404) await call('POST', `orchestrators/plan/${id}`, planInput(plan));
  for (const name of eventNames(plan))
    await call('POST', `instances/${id}/raiseEvent/${name}`, { from: name });
}

async function ending(id: string): Promise<unknown> {
  for (;;) {
    const { status, body } = await call('GET', `instances/${id}`);
    if (status === 200) return { runtimeStatus: body.runtimeStatus, output: body.output };
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

if (task !== 'continue') await Promise.all(plans.map((plan, index) => begin(plan, `p${index}`)));
if (task === 'start') process.kill(process.pid, 'SIGKILL');
const endings = await Promise.all(plans.map((_, index) => ending(`p${index}`)));
await engine.stop();
process.send?.({ endings, commits }, () => process.exit(0));
