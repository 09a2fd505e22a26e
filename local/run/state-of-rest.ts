import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { RunError } from './run-error.ts';
import type { RunningSystem } from './system.ts';

const outcomes = z.object({
  applied: z.number(),
  unchanged: z.number(),
  superseded: z.number(),
  withheld: z.number(),
  skipped: z.number(),
  parked: z.number(),
  rejected: z.number(),
  removed: z.number(),
});

const statusSchema = z.object({
  idle: z.boolean(),
  received: z.number(),
  echoes: z.number(),
  quarantined: z.number(),
  ignored: z.number(),
  identifiers: z.number(),
  pending: z.number(),
  outcomes,
  deadLetters: z.number(),
});

const controlSchema = z.looseObject({ idle: z.boolean() });

export type AppStatus = z.infer<typeof statusSchema>;

/** `GET /api/status` of the app. */
export async function appStatus({ functionsUrl }: RunningSystem): Promise<AppStatus> {
  const response = await fetch(`${functionsUrl}/api/status`);
  const text = await response.text();
  if (response.ok) return statusSchema.parse(JSON.parse(text));
  throw new RunError(`${functionsUrl}/api/status answered ${response.status}: ${text}`);
}

/** `GET /_control/status` of a stand-in. */
export async function controlStatus(url: string): Promise<Readonly<Record<string, unknown>>> {
  const response = await fetch(`${new URL(url).origin}/_control/status`);
  return controlSchema.parse(await response.json());
}

/**
 * Waits until nothing is going on anywhere: no event under way, no change
 * pending, no orchestration running. Looks twice, because work passes from one
 * service to the next.
 * @param onLook told of each look, for a live line
 */
export async function untilAtRest(
  system: RunningSystem,
  onLook: (status: AppStatus) => void = () => undefined,
): Promise<AppStatus> {
  let calm = 0;
  for (;;) {
    const events = await Promise.all([
      controlStatus(system.fhirUrl),
      controlStatus(system.eventGridUrl),
    ]);
    const status = await appStatus(system);
    onLook(status);
    calm = status.idle && events.every(({ idle }) => idle === true) ? calm + 1 : 0;
    if (calm >= 2) return status;
    await sleep(calm > 0 ? 100 : 300);
  }
}
