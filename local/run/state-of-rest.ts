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
  let silent = 0;
  let complaint = '';
  while (silent < patience) {
    const look = await lookAround(system).catch((error: unknown) => {
      complaint = error instanceof Error ? error.message : String(error);
      return undefined;
    });
    silent = look === undefined ? silent + 1 : 0;
    if (look !== undefined) onLook(look.status);
    calm = look?.idle ? calm + 1 : 0;
    if (look !== undefined && calm >= 2) return look.status;
    await sleep(calm > 0 ? 100 : 300);
  }
  throw new RunError(
    `The services do not answer as they should (${complaint}). Start again with the same --data to go on.`,
  );
}

/** Looks without an answer, one after another, before the run is given up; a busy machine may be silent for a while. */
const patience = 200;

async function lookAround(system: RunningSystem): Promise<{ status: AppStatus; idle: boolean }> {
  const events = await Promise.all([
    controlStatus(system.fhirUrl),
    controlStatus(system.eventGridUrl),
  ]);
  const status = await appStatus(system);
  return { status, idle: status.idle && events.every(({ idle }) => idle === true) };
}
