import type { MigrationPlan } from '../../shared/migration/index.ts';
import type { ServiceDescription, TypeCount } from '../../shared/readiness/index.ts';
import { naming } from './assess-services.ts';
import type { MigrationDependencies } from './dependencies.ts';

/** Resources of a type that are looked at to tell their size. */
const sampleSize = 20;

export interface Counting {
  readonly plan: MigrationPlan;
  readonly source: ServiceDescription | undefined;
  readonly target: ServiceDescription | undefined;
  /** All versions are moved, deletes included. */
  readonly history: boolean;
}

export interface Counted {
  readonly counts: readonly TypeCount[];
  readonly targetResources: number;
}

/** Counts every type that can be searched, in the source, and in the target unless that is empty. */
export async function countTypes(
  deps: MigrationDependencies,
  { plan, source, target, history }: Counting,
): Promise<Counted> {
  const types = searchable(source).filter(
    (type) => plan.types.length === 0 || plan.types.includes(type),
  );
  const [from, to] = [deps.ends.source.service, deps.ends.target.service];
  const range = {
    ...(plan.from === null ? {} : { since: plan.from }),
    ...(plan.till === null ? {} : { till: plan.till }),
  };
  const asked = (ofHistory: boolean) =>
    types.map((type) => ({ types: [type], history: ofHistory, ...range }));
  const resources = await naming('source', () => from.countAll(asked(false)));
  const versions = history ? await naming('source', () => from.countAll(asked(true))) : [];
  const targetResources = await naming('target', () => to.count({ types: [], history: false }));
  const inTarget = await targetCounts(deps, { types, target, isEmpty: targetResources === 0 });
  const counts: TypeCount[] = [];
  for (const [index, type] of types.entries()) {
    const found = resources[index] ?? 0;
    counts.push({
      type,
      resources: found,
      versions: versions[index] ?? null,
      inTarget: inTarget.get(type) ?? null,
      bytesPerResource: found === 0 ? null : await sizeOf(deps, type),
    });
  }
  return { counts, targetResources };
}

const searchable = (description: ServiceDescription | undefined): readonly string[] =>
  Object.entries(description?.types ?? {})
    .filter(([, { interactions }]) => interactions.includes('search-type'))
    .map(([type]) => type);

interface TargetCounting {
  readonly types: readonly string[];
  readonly target: ServiceDescription | undefined;
  readonly isEmpty: boolean;
}

async function targetCounts(
  { ends }: MigrationDependencies,
  { types, target, isEmpty }: TargetCounting,
): Promise<ReadonlyMap<string, number>> {
  if (isEmpty) return new Map();
  const known = types.filter((type) => searchable(target).includes(type));
  const counts = await naming('target', () =>
    ends.target.service.countAll(known.map((type) => ({ types: [type], history: false }))),
  );
  return new Map(known.map((type, index) => [type, counts[index] ?? 0]));
}

async function sizeOf({ ends }: MigrationDependencies, type: string): Promise<number | null> {
  const sample = await naming('source', () => ends.source.service.sample(type, sampleSize));
  return sample.resources === 0 ? null : Math.round(sample.bytes / sample.resources);
}
