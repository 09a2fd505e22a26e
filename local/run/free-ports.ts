import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { RunError } from './run-error.ts';

export interface WantedPort {
  /** As on the command line, without dashes: `functions-port`. */
  readonly flag: string;
  /** 0 takes a free one. */
  readonly port: number;
}

export interface PortPatience {
  /** Told once, when something still has to be waited for. */
  readonly onWait: (message: string) => void;
  readonly takeOverSeconds: number;
}

/** Services whose run was killed let their last steps end first: up to 10 seconds, and a little to close. */
export const defaultTakeOverSeconds = 15;

/**
 * Waits until nothing listens on these ports of 127.0.0.1: what is left of a run that was killed
 * gives them up within seconds.
 * @throws RunError naming every port that stays in use, and the argument that takes another
 */
export async function untilPortsAreFree(
  wanted: readonly WantedPort[],
  { onWait, takeOverSeconds }: PortPatience,
): Promise<void> {
  const deadline = performance.now() + takeOverSeconds * 1_000;
  for (let look = 0; ; look += 1) {
    const taken = await takenOf(wanted);
    if (taken.length === 0) return;
    const names = taken.map(({ port }) => port).join(', ');
    if (performance.now() > deadline) {
      throw new RunError(
        `Port ${names} is in use on 127.0.0.1: stop the program that listens there, or choose another with ` +
          `${taken.map(({ flag }) => `--${flag}`).join(', ')} (0 takes a free one).`,
      );
    }
    if (look === 0) onWait(`  port ${names} is in use: waiting for what may be left of a last run`);
    await sleep(200);
  }
}

async function takenOf(wanted: readonly WantedPort[]): Promise<readonly WantedPort[]> {
  const free = await Promise.all(wanted.map(({ port }) => isFree(port)));
  return wanted.filter((_, index) => !free[index]);
}

/** Nothing listens on this port of 127.0.0.1 now; 0 always is free. */
export function isFree(port: number): Promise<boolean> {
  if (port === 0) return Promise.resolve(true);
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () =>
      probe.close(() => resolve(true)),
    );
  });
}
