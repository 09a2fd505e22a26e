import { HostError } from '../host-error.ts';
import { parseTimeSpan } from '../settings/time-span.ts';
import { parseNcrontab } from './ncrontab.ts';

export interface TimerSchedule {
  /** Text with app settings put in. */
  readonly text: string;
  next(after: Date): Date;
}

/**
 * The schedule of a timer trigger: NCRONTAB or a TimeSpan between runs.
 * @throws HostError FUNCTION_INVALID when it can never fire.
 */
export function parseTimerSchedule(text: string, functionName: string): TimerSchedule {
  const span = parseTimeSpan(text);
  if (span !== undefined && span > 0) {
    return { text, next: (after) => new Date(after.getTime() + span) };
  }
  const parsed = parseNcrontab(text);
  if (parsed.kind === 'invalid') throw unusable(functionName, text, parsed.reason);
  if (parsed.next(new Date()) === undefined)
    throw unusable(functionName, text, 'no such day exists');
  return { text, next: (after) => parsed.next(after) ?? new Date(8.64e15) };
}

function unusable(functionName: string, text: string, reason: string): HostError {
  return new HostError(
    'FUNCTION_INVALID',
    `The schedule "${text}" of function "${functionName}" is not usable: ${reason}.`,
  );
}
