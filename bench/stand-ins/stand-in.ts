import { readFileSync } from 'node:fs';
import { type ServiceProcess, startService } from '../../local/run/service-process.ts';
import { BenchError } from '../bench-error.ts';

/** Starts a stand-in as `npm start` does, on a free port. */
export function startStandIn(
  name: 'fhir' | 'dataverse',
  args: readonly string[],
): Promise<ServiceProcess> {
  return startService({
    name,
    main: `${name}/main.ts`,
    args: ['--port', '0', ...args],
    onUnexpectedEnd: (complaint) => {
      throw new BenchError(`${name} ended: ${complaint}`);
    },
  });
}

/** Processor time that a process has used, in seconds, as Linux tells it; undefined elsewhere. */
export function processorSeconds(processId: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${processId}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    return Number.isNaN(ticks) ? undefined : ticks / ticksPerSecond;
  } catch {
    return undefined;
  }
}

/** What Linux counts in, on every architecture that Node runs on. */
const ticksPerSecond = 100;

/** Resident memory of a process in MB, as Linux tells it; undefined elsewhere. */
export function residentMegabytes(processId: number): number | undefined {
  try {
    const status = readFileSync(`/proc/${processId}/status`, 'utf8');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    return kilobytes === undefined ? undefined : Math.round(Number(kilobytes) / 1_024);
  } catch {
    return undefined;
  }
}
