import { type ServiceProcess, type ServiceStart, startService } from '../run/service-process.ts';

/** A service that is started again when it ends by itself, as Azure does with a Functions host. */
export interface Kept {
  url(): string;
  processId(): number;
  stop(): Promise<void>;
}

export interface KeepOptions {
  readonly onRestarted: () => void;
  readonly onGivenUp: () => void;
}

/** Ends that are made up for; a service that keeps ending has a fault that a restart does not mend. */
const mostRestarts = 10;

export async function keepRunning(
  start: Omit<ServiceStart, 'onUnexpectedEnd'>,
  options: KeepOptions,
): Promise<Kept> {
  let restarts = 0;
  let stopping = false;
  let running: Promise<ServiceProcess>;
  let current: Pick<ServiceProcess, 'url' | 'processId'>;
  const launch = (): Promise<ServiceProcess> =>
    startService({ ...start, onUnexpectedEnd: () => void again() });
  const again = async (): Promise<void> => {
    if (stopping) return;
    restarts += 1;
    if (restarts > mostRestarts) return options.onGivenUp();
    running = launch();
    try {
      current = await running;
      options.onRestarted();
    } catch {
      options.onGivenUp();
    }
  };
  running = launch();
  current = await running;
  return {
    url: () => current.url,
    processId: () => current.processId,
    stop: async () => {
      stopping = true;
      await (await running.catch(() => undefined))?.stop();
    },
  };
}
