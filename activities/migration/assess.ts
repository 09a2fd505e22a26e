import { z } from 'zod';
import type { RunRecord } from '../../shared/migration/index.ts';
import { type Blocked, blocked } from './blocked.ts';
import type { MigrationDependencies } from './dependencies.ts';
import type { NextMoveInput } from './next-move.ts';
import { loadRun, saveRun } from './run.ts';

export interface Assessed {
  readonly kind: 'assessed';
}

const capability = z.object({
  fhirVersion: z.string(),
  software: z.object({ name: z.string().optional() }).optional(),
  rest: z
    .array(z.object({ operation: z.array(z.object({ name: z.string() })).optional() }))
    .optional(),
});

type Capability = z.infer<typeof capability>;

/** Finds out how each side is read and written, and refuses what cannot work. */
export function createAssess(deps: MigrationDependencies) {
  return async ({ migrationId }: NextMoveInput): Promise<Assessed | Blocked> => {
    const { source, target } = deps.ends;
    const from = capability.safeParse(await source.service.capability());
    const to = capability.safeParse(await target.service.capability());
    if (!from.success) return blocked('The source answers no CapabilityStatement at /metadata.');
    if (!to.success) return blocked('The target answers no CapabilityStatement at /metadata.');
    if (from.data.fhirVersion !== to.data.fhirVersion) {
      return blocked(
        `The source speaks FHIR ${from.data.fhirVersion}, the target ${to.data.fhirVersion}: choose a target of the same version.`,
      );
    }
    const { run } = await loadRun(deps.store, migrationId);
    await saveRun(deps.store, {
      ...run,
      exportDialect: dialectOf(from.data),
      bulkImport: operations(to.data).includes('import'),
    });
    return { kind: 'assessed' };
  };
}

const operations = ({ rest = [] }: Capability): readonly string[] =>
  rest.flatMap(({ operation = [] }) => operation.map(({ name }) => name.replace(/^\$/, '')));

/** Azure says so by its name; and no other service is known to offer `$import`. */
function dialectOf(statement: Capability): RunRecord['exportDialect'] {
  const known = operations(statement);
  if (!known.some((name) => /export$/.test(name))) return null;
  const byName = /microsoft|azure/i.test(statement.software?.name ?? '');
  return byName || known.includes('import') ? 'ahds' : 'ig';
}
