import type { Clock } from '../engine/index.ts';

interface Alarm {
  readonly at: number;
  readonly order: number;
  readonly callback: () => void;
}

/** A clock that stands still until `advance`, which jumps to the next alarm: timers of days pass at once. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #alarms: Alarm[] = [];
  /** Activities now asleep on this clock. */
  sleepers = 0;

  constructor(start: Date = new Date('2026-01-01T00:00:00Z')) {
    this.#now = start.getTime();
  }

  now(): number {
    return this.#now;
  }

  schedule(at: number, callback: () => void): () => void {
    const alarm = { at, order: this.#order++, callback };
    this.#alarms.push(alarm);
    return () => {
      this.#alarms = this.#alarms.filter((other) => other !== alarm);
    };
  }

  /** Resolves after `ms` of this clock's time. */
  sleep(ms: number): Promise<void> {
    this.sleepers += 1;
    return new Promise((resolve) => {
      this.schedule(this.#now + ms, () => {
        this.sleepers -= 1;
        resolve();
      });
    });
  }

  /** When the next alarm rings, undefined when there is none. */
  get next(): number | undefined {
    return this.#first()?.at;
  }

  /** Jumps to the next alarm and rings it; false when there is none. */
  advance(): boolean {
    const first = this.#first();
    if (first === undefined) return false;
    this.#alarms = this.#alarms.filter((alarm) => alarm !== first);
    this.#now = Math.max(this.#now, first.at);
    first.callback();
    return true;
  }

  /** Moves to `at` when that is later, without ringing anything. */
  jump(at: number): void {
    this.#now = Math.max(this.#now, at);
  }

  #first(): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      const earlier =
        first === undefined ||
        alarm.at < first.at ||
        (alarm.at === first.at && alarm.order < first.order);
      if (earlier) first = alarm;
    }
    return first;
  }
}
