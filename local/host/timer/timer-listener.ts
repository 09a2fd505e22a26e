import { z } from 'zod';
import type { AppFunction } from '../app/function-catalog.ts';
import { realClock } from '../engine/clock.ts';
import { HostError } from '../host-error.ts';
import { invokeWithRetry } from '../invocation/invoke-with-retry.ts';
import type { Invoker } from '../invocation/invoker.ts';
import { type Environment, resolveSettings } from '../settings/app-settings.ts';
import { parseTimerSchedule, type TimerSchedule } from './timer-schedule.ts';
import type { TimerStatus, TimerStore } from './timer-store.ts';

const triggerSchema = z.looseObject({
  schedule: z.string(),
  runOnStartup: z.boolean().default(false),
  useMonitor: z.boolean().optional(),
});

export interface TimerListenerOptions {
  readonly invoker: Invoker;
  readonly store: TimerStore;
  readonly environment: Environment;
}

export interface TimerListener {
  start(): void;
  /** Runs the function now, outside its schedule. */
  runNow(): Promise<void>;
  stop(): void;
}

/**
 * Fires one timer function: never twice at once, and late rather than never
 * after a restart when the schedule is a minute or longer (facts durable-host 2.3).
 * @throws HostError FUNCTION_INVALID for a schedule that cannot be read.
 */
export function createTimerListener(
  target: AppFunction,
  options: TimerListenerOptions,
): TimerListener {
  const { invoker, store, environment } = options;
  const trigger = readTrigger(target);
  const place = `The schedule of function "${target.name}"`;
  const schedule = parseTimerSchedule(
    resolveSettings(trigger.schedule, environment, place),
    target.name,
  );
  const monitored = trigger.useMonitor ?? intervalOf(schedule) >= 60_000;
  let cancel = (): void => {};
  let stopped = false;

  function start(): void {
    const status = monitored ? store.read(target.name) : undefined;
    const now = new Date();
    const expected =
      status === undefined ? schedule.next(now) : schedule.next(new Date(status.lastUpdated));
    if (monitored && status === undefined) remember(new Date(0), expected, now);
    const late = expected.getTime() <= now.getTime();
    if (late || trigger.runOnStartup) void fire(late, late ? expected : now);
    else arm(expected);
  }

  function arm(at: Date): void {
    if (!stopped) cancel = realClock.schedule(at.getTime(), () => void fire(false, at));
  }

  async function fire(isPastDue: boolean, due: Date): Promise<void> {
    await run(isPastDue);
    const now = new Date();
    const next = schedule.next(now > due ? now : due);
    if (monitored && !stopped) remember(due, next, now);
    arm(next);
  }

  async function run(isPastDue: boolean): Promise<void> {
    const status = monitored ? store.read(target.name) : undefined;
    const data = { json: JSON.stringify(timerData(status, isPastDue)) };
    // A failed run is logged and counted by the invoker; the schedule goes on.
    await invokeWithRetry(invoker, { target, data }).catch(() => undefined);
  }

  function remember(last: Date, next: Date, now: Date): void {
    store.write(target.name, {
      last: last.toISOString(),
      next: next.toISOString(),
      lastUpdated: now.toISOString(),
    });
  }

  return {
    start,
    runNow: () => run(false),
    stop() {
      stopped = true;
      cancel();
    },
  };
}

function readTrigger(target: AppFunction): z.infer<typeof triggerSchema> {
  const parsed = triggerSchema.safeParse(target.trigger);
  if (parsed.success) return parsed.data;
  throw new HostError(
    'FUNCTION_INVALID',
    `The timer trigger of function "${target.name}" needs a schedule text.`,
  );
}

function intervalOf(schedule: TimerSchedule): number {
  const first = schedule.next(new Date());
  return schedule.next(first).getTime() - first.getTime();
}

function timerData(status: TimerStatus | undefined, isPastDue: boolean) {
  return {
    Schedule: { AdjustForDST: true },
    ScheduleStatus:
      status === undefined
        ? null
        : { Last: status.last, LastUpdated: status.lastUpdated, Next: status.next },
    IsPastDue: isPastDue,
  };
}
