import type { InvocationContext } from '@azure/functions';
import { z } from 'zod';

const count = z.number();
const closedWindow = z.object({
  kind: z.literal('closed'),
  exported: count,
  loaded: count,
  present: count,
  quarantined: count,
  bytes: count,
  seconds: count,
});
const comparedSides = z.object({
  kind: z.literal('compared'),
  entries: count,
  differences: count,
});
const lookedForDeletes = z.object({ kind: z.literal('looked'), removed: count });
const place = z.object({
  migrationId: z.string(),
  window: z.number().optional(),
  proof: z.number().optional(),
});

/** What is measured: the step, the name of the line, and what its answer looks like. */
const measured = {
  closeWindow: { line: 'fds.migration.window', shape: closedWindow },
  compareSides: { line: 'fds.migration.proof', shape: comparedSides },
  findHardDeletes: { line: 'fds.migration.deletes', shape: lookedForDeletes },
} as const;

const isMeasured = (step: string): step is keyof typeof measured => step in measured;

type Handler = (input: unknown, context: InvocationContext) => Promise<unknown>;

/**
 * Writes one line into the log for every closed window, proof and look for hard deletes: a name, and
 * JSON of numbers that Azure Monitor can chart (docs/migration.md). A step that is run again writes
 * it again.
 */
export function withMetrics(step: string, handler: Handler): Handler {
  const metric = isMeasured(step) ? measured[step] : undefined;
  if (metric === undefined) return handler;
  return async (input, context) => {
    const answer = await handler(input, context);
    const [where, found] = [place.safeParse(input), metric.shape.safeParse(answer)];
    if (where.success && found.success) {
      const { kind: _, ...numbers } = found.data;
      context.info(`${metric.line} ${JSON.stringify({ ...where.data, ...numbers })}`);
    }
    return answer;
  };
}
