import { z } from 'zod';
import { badRequest } from '../outcome.ts';

const headers = z.record(z.string(), z.string());

/** One scripted fault: for the next `times` calls that fit, delay, answer otherwise, or tear the connection. */
const faultSchema = z.strictObject({
  method: z.string().optional(),
  /** Regular expression on path and query. */
  path: z.string().optional(),
  times: z.int().positive().default(1),
  delayMs: z.int().min(0).default(0),
  status: z.int().min(400).max(599).optional(),
  headers: headers.default({}),
  /** `before` drops the connection without doing the work, `after` once the work is committed. */
  torn: z.enum(['before', 'after']).optional(),
});

const scriptSchema = z.union([faultSchema, z.array(faultSchema)]);

export type Fault = z.infer<typeof faultSchema>;

interface ArmedFault {
  readonly fault: Fault;
  readonly path: RegExp;
  left: number;
}

/** Holds the scripted faults and takes the first that fits a call. */
export function createFaults() {
  let armed: ArmedFault[] = [];
  return {
    arm(script: unknown): void {
      const parsed = scriptSchema.safeParse(script);
      if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
      const faults = Array.isArray(parsed.data) ? parsed.data : [parsed.data];
      armed.push(
        ...faults.map((fault) => ({ fault, path: pattern(fault.path), left: fault.times })),
      );
    },
    clear: (): void => {
      armed = [];
    },
    list: () => armed.map(({ fault, left }) => ({ ...fault, left })),
    take(method: string, url: string): Fault | undefined {
      const fitting = armed.find(
        ({ fault, path }) =>
          (fault.method === undefined || fault.method === method) && path.test(url),
      );
      if (fitting === undefined) return undefined;
      fitting.left -= 1;
      if (fitting.left === 0) armed = armed.filter((other) => other !== fitting);
      return fitting.fault;
    },
  };
}

export type Faults = ReturnType<typeof createFaults>;

function pattern(source: string | undefined): RegExp {
  try {
    return new RegExp(source ?? '');
  } catch {
    throw badRequest('The path of a fault must be a regular expression.');
  }
}
