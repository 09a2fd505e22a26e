import {
  createMigrationActivities,
  loadRun,
  type MigrationActivities,
} from '../../activities/migration/index.ts';
import type { InlineActivity, TestEngine } from '../../local/host/testing/index.ts';
import { startTestEngine } from '../../local/host/testing/index.ts';
import { migrate } from '../../orchestrations/migrate.ts';
import { exportWindow, importWindow } from '../../orchestrations/migrate-window.ts';
import { digestSide, proveEquality } from '../../orchestrations/prove-equality.ts';
import { AppError } from '../../shared/errors.ts';
import { isAtRest, type MigrationPlan, type RunRecord } from '../../shared/migration/index.ts';
import { inProcess, type Process, withCrashes } from './migration-crashes.ts';
import { drawFault, type Schedule } from './migration-schedule.ts';
import type { World } from './migration-world.ts';
import { Writer } from './migration-writer.ts';

export const orchestrations = { migrate, exportWindow, importWindow, proveEquality, digestSide };

/** What happened, for the person who has to find out why it went wrong. */
export interface Ran {
  readonly run: RunRecord;
  readonly writer: Writer;
  readonly log: readonly string[];
  readonly processesLost: number;
  readonly cuts: number;
}

/** As `POST /api/migrations` records it. */
export async function recordStart(
  { deps, migrationId }: World,
  plan: MigrationPlan,
): Promise<void> {
  const at = deps.now().toISOString();
  await deps.store.orders.put('runs', migrationId, {
    ...{ plan, pause: false, stop: false, cutOver: false, orderedAt: at },
  });
  await deps.store.runs.put('runs', migrationId, {
    ...{ id: migrationId, state: 'preparing', reason: null, startedAt: at, changedAt: at },
    ...{ begin: null, cursor: null, windows: 0, proofs: 0, mends: 0, bytesPerResource: 2_000 },
    ...{ blockedTimes: 0, frozenAt: null, exportDialect: null, bulkImport: true },
  });
}

/** Real time that one schedule may take before it counts as stuck. */
const patience = 25_000;
/** Steps of a run that never ends. */
const mostSteps = 4_000;

/** Moves one service to the other under everything that a schedule has in store. */
export class Passage {
  readonly #world: World;
  readonly #schedule: Schedule;
  readonly #writer: Writer;
  readonly #beforePurge: () => Promise<void>;
  readonly #log: string[] = [];
  #purges = 0;
  #processesLost = 0;
  #cuts = 0;
  #faults = 0;
  #steps = 0;
  #writesLeft: number;
  /** Looks for hard deletes, since the last was made in the source. */
  #looks = 0;
  #deletesLeft: number;
  readonly #deletedForGood: string[] = [];
  /** What a step threw that is no error of the catalogue: nothing may. */
  #defect: unknown;
  #busy: Promise<void> = Promise.resolve();

  /** @param beforePurge is run when all is done and nothing has been cleared away yet */
  constructor(world: World, schedule: Schedule, beforePurge: () => Promise<void>) {
    this.#beforePurge = beforePurge;
    this.#world = world;
    this.#schedule = schedule;
    this.#writesLeft = schedule.writesDuring;
    this.#deletesLeft = schedule.deletedForGood;
    this.#writer = new Writer(world, schedule);
  }

  async run(): Promise<Ran> {
    for (let index = 0; index < this.#schedule.writesBefore; index += 1) await this.#writer.write();
    this.#world.pass(1_000);
    await recordStart(this.#world, this.#schedule.plan);
    const started = performance.now();
    for (;;) {
      await this.#oneProcess(
        () => this.#defect !== undefined || performance.now() - started > patience,
      );
      const { run } = await this.#records();
      if (this.#defect !== undefined) throw this.#defect;
      if (isAtRest(run.state) && (await this.#isClean())) {
        const log = [...this.#log, ...this.#writer.log];
        const [processesLost, cuts] = [this.#processesLost, this.#cuts];
        return { run, writer: this.#writer, log, processesLost, cuts };
      }
      if (performance.now() - started > patience || this.#steps > mostSteps) {
        throw new Error(`the migration does not end: it is ${run.state}, ${run.reason}`);
      }
      this.#processesLost += 1;
    }
  }

  /** What a failed run has to tell. */
  get writes(): readonly string[] {
    return this.#writer.log;
  }

  get story(): readonly string[] {
    return this.#log;
  }

  /** From a start, of all that the tables know, to the end or to the loss of the process. */
  async #oneProcess(isOverdue: () => boolean): Promise<void> {
    const process: Process = { lost: false };
    const { clock, migrationId } = this.#world;
    const test = await startTestEngine({
      clock,
      handlers: { orchestrations, activities: this.#activities(process) },
    });
    try {
      const path = `orchestrators/migrate/migration-${migrationId}`;
      await test.call('POST', path, { migrationId, move: 0 });
      for (;;) {
        await settledOrLost(test, process);
        if (process.lost || isOverdue() || this.#steps > mostSteps) return;
        if (await hasEnded(test, migrationId)) return;
        if (!clock.advance()) return;
        this.#world.sync();
      }
    } finally {
      process.lost = true;
      await test.engine.stop();
    }
  }

  #activities(process: Process): Readonly<Record<string, InlineActivity>> {
    const deps = withCrashes(this.#world.deps, (effect) => {
      const fate = this.#schedule.fateOf();
      if (fate !== 'goes-well') {
        this.#cuts += 1;
        this.#log.push(`${fate}: ${effect}`);
      }
      return fate;
    });
    const activities: MigrationActivities = createMigrationActivities(deps);
    const wrapped = Object.entries(activities).map(([name, activity]) => [
      name,
      (input: never) => inProcess(process, () => this.#step(name, activity, input)),
    ]);
    return Object.fromEntries(wrapped);
  }

  async #step(
    name: string,
    activity: (input: never) => Promise<unknown>,
    input: never,
  ): Promise<unknown> {
    this.#steps += 1;
    // One after another, so that the same seed draws the same fates for the same steps.
    const before = this.#busy;
    let done = () => {};
    this.#busy = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      await this.#prepareStep(name);
      const output = await activity(input);
      if (Object(output).kind === 'looked') this.#looks += 1;
      this.#log.push(`${at(this.#world)} ${name} ${short(input)} → ${short(output)}`);
      return output;
    } catch (error) {
      if (!(error instanceof AppError)) this.#defect = error;
      this.#log.push(`${at(this.#world)} ${name} ${short(input)} ! ${String(error).slice(0, 160)}`);
      throw error;
    } finally {
      done();
    }
  }

  async #prepareStep(name: string): Promise<void> {
    const { random, faultRate, mostFaults, impatience } = this.#schedule;
    this.#world.sync();
    if (name.startsWith('poll') && !random.chance(impatience)) await this.#world.idle();
    if (name === 'startExtract') await this.#world.idle();
    if (this.#faults < mostFaults && random.chance(faultRate)) await this.#makeTrouble();
    if (this.#writesLeft > 0 && random.chance(0.3)) await this.#write(random.whole(1, 5));
    if (name === 'nextMove') await this.#order();
    if (name !== 'purgeStaging') return;
    this.#purges += 1;
    if (this.#purges === 1) await this.#beforePurge();
  }

  async #isClean(): Promise<boolean> {
    const { deps, migrationId } = this.#world;
    return (await deps.store.cleanups.get('runs', migrationId))?.state === 'done';
  }

  #records() {
    return loadRun(this.#world.deps.store, this.#world.migrationId);
  }

  async #makeTrouble(): Promise<void> {
    this.#faults += 1;
    const { side, at: place, script } = drawFault(this.#schedule.random);
    this.#log.push(`fault at the ${side}: ${JSON.stringify(script)}`);
    await this.#world[side].control(place, script);
  }

  async #write(count: number): Promise<void> {
    const { run } = await this.#records();
    if (run.state === 'verifying') return;
    for (let index = 0; index < count && this.#writesLeft > 0; index += 1) {
      this.#writesLeft -= 1;
      await this.#writer.write();
    }
  }

  /** People order the cut-over when they have stopped to write. */
  async #order(): Promise<void> {
    const { migrationId, deps } = this.#world;
    const { store, now } = deps;
    const { run, orders } = await this.#records();
    if (run.state === 'waiting' && this.#writesLeft > 0) await this.#write(3);
    if (this.#writesLeft > 0 || orders.cutOver) return;
    if (run.begin !== null && (await this.#waitsForLook(run))) return;
    // A source that was emptied has no window.
    if (run.windows === 0 && run.state !== 'waiting') return;
    if (this.#schedule.plan.cutOver === 'when-caught-up') return;
    const orderedAt = now().toISOString();
    await store.orders.put('runs', migrationId, { ...orders, cutOver: true, orderedAt });
  }

  /** What is deleted for good once all is copied is to be gone from the target before the cut-over. */
  async #waitsForLook({ state }: RunRecord): Promise<boolean> {
    if (state === 'waiting' && this.#deletesLeft > 0) {
      for (; this.#deletesLeft > 0; this.#deletesLeft -= 1) {
        const reference = await this.#writer.deleteForGood();
        if (reference !== undefined) this.#deletedForGood.push(reference);
      }
      this.#looks = 0;
    }
    if (this.#deletesLeft > 0 || this.#deletedForGood.length === 0) return this.#deletesLeft > 0;
    // One that was written late, beyond the overlap, may hide one that was deleted.
    if (this.#schedule.lateWrites) return this.#looks === 0;
    for (const reference of this.#deletedForGood) {
      const { status } = await this.#world.target.call('GET', reference);
      if (status !== 404) return true;
    }
    return false;
  }
}

const at = ({ clock }: World): string => new Date(clock.now()).toISOString().slice(11, 23);
const short = (value: unknown): string => (JSON.stringify(value) ?? '').slice(0, 200);

async function settledOrLost(test: TestEngine, process: Process): Promise<void> {
  let settled = false;
  const end = () => {
    settled = true;
  };
  // The engine stops when its process is lost, and then has nothing to say.
  void test.settle().then(end, end);
  while (!settled && !process.lost) await new Promise((resolve) => setImmediate(resolve));
}

async function hasEnded(test: TestEngine, migrationId: string): Promise<boolean> {
  const { body } = await test.call('GET', `instances/migration-${migrationId}`);
  const status = String(Object(body).runtimeStatus);
  if (status === 'Failed') throw new Error(`the orchestration failed: ${JSON.stringify(body)}`);
  return status !== 'Pending' && status !== 'Running';
}
