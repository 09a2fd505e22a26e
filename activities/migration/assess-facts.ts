import { AppError } from '../../shared/errors.ts';
import type { MigrationPlan, Side } from '../../shared/migration/index.ts';
import {
  exportDialectOf,
  type ReadinessFacts,
  type ServiceDescription,
  type ServiceFacts,
  safeCanonical,
} from '../../shared/readiness/index.ts';
import { countTypes } from './assess-counts.ts';
import { canImport, naming, serviceFacts } from './assess-services.ts';
import { anonymizationFacts, storageProblem } from './assess-storage.ts';
import type { MigrationDependencies } from './dependencies.ts';

/** Definitions that are named in the report at most. */
const mostNamed = 500;

/**
 * Finds out everything that a readiness report says. Reads both services, starts nothing, and
 * writes nothing but a probe into storage that it removes again.
 * @throws AppError, retryable, when one of them cannot be reached now
 */
export async function gatherFacts(
  deps: MigrationDependencies,
  { migrationId, plan }: { readonly migrationId: string | null; readonly plan: MigrationPlan },
): Promise<ReadinessFacts> {
  const [source, target, problem, anonymization] = await Promise.all([
    serviceFacts(deps, 'source'),
    serviceFacts(deps, 'target'),
    storageProblem(deps),
    anonymizationFacts(deps, plan.anonymizationConfig),
  ]);
  const history = plan.history && plan.deletes && keepsVersions(source, target);
  const described = { source: source.description, target: target.description };
  const [counted, oldest, newest, definitions] = await Promise.all([
    countTypes(deps, { plan, ...described, history }),
    edge(deps, 'oldest'),
    edge(deps, 'newest'),
    definitionsOf(deps, described),
  ]);
  return {
    madeAt: deps.now().toISOString(),
    migrationId,
    plan: { ...plan, ranged: plan.from !== null || plan.till !== null },
    ...{ source, target, ...counted, oldest, newest, ...definitions, anonymization },
    storageProblem: problem ?? null,
  };
}

type Described = Readonly<Record<Side, ServiceDescription | undefined>>;

/** What was made to measure on either side. */
async function definitionsOf(deps: MigrationDependencies, described: Described) {
  const [customSearchParameters, searchParametersInTarget, profiles] = await Promise.all([
    urls(deps, { side: 'source', type: 'SearchParameter', described }),
    urls(deps, { side: 'target', type: 'SearchParameter', described }),
    urls(deps, { side: 'source', type: 'StructureDefinition', described }),
  ]);
  return { customSearchParameters, searchParametersInTarget, profiles };
}

/** Old versions need `$export` as Azure has it and `$import`, which alone keeps versions. */
const keepsVersions = (source: ServiceFacts, target: ServiceFacts): boolean =>
  source.description !== undefined &&
  exportDialectOf(source.description) === 'ahds' &&
  canImport(target.description);

interface Definitions {
  readonly side: Side;
  readonly type: 'SearchParameter' | 'StructureDefinition';
  readonly described: Described;
}

/** Canonical URLs of definitions that a service holds as resources. */
async function urls(
  { ends }: MigrationDependencies,
  { side, type, described }: Definitions,
): Promise<readonly string[]> {
  const known = described[side]?.types[type]?.interactions.includes('search-type') ?? false;
  if (!known) return [];
  return naming(side, async () => {
    const found: string[] = [];
    for await (const { url } of ends[side].service.search(type)) {
      if (typeof url === 'string') found.push(safeCanonical(url));
      if (found.length >= mostNamed) break;
    }
    return found;
  });
}

/** A service may refuse to sort, or know no history of the whole; then it is not told. */
async function edge(
  { ends }: MigrationDependencies,
  which: 'oldest' | 'newest',
): Promise<string | null> {
  try {
    return (await ends.source.service.edge(which, false)) ?? null;
  } catch (error) {
    if (error instanceof AppError && !error.retryable) return null;
    throw error;
  }
}
