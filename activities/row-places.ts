import { AppError } from '../shared/errors.ts';
import type { ChildPlace, RootPlace } from '../shared/mapping/index.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * Where rows of these resource types may be (default: of all types): by every map
 * that ever was in use, whatever became of it since. One table is named once for
 * each way to find rows in it, with the child tables of all of its maps. Tables
 * that the organisation has no more hold no rows and are left out.
 */
export async function placesFor(
  deps: ActivityDependencies,
  resourceTypes?: ReadonlySet<string>,
): Promise<readonly RootPlace[]> {
  const all = [...deps.pack.roots.values(), ...(await deps.places())];
  const wanted = all.filter(({ resourceType }) => resourceTypes?.has(resourceType) ?? true);
  const merged = [...Map.groupBy(wanted, rowsKey).values()].flatMap(merge);
  const existing = await Promise.all(merged.map((place) => existingPart(deps, place)));
  return existing.filter((place) => place !== undefined);
}

/** Types of which rows may be there. */
export async function typesWithPlaces(deps: ActivityDependencies): Promise<ReadonlySet<string>> {
  const recorded = await deps.places();
  return new Set([...deps.pack.roots.keys(), ...recorded.map(({ resourceType }) => resourceType)]);
}

/**
 * Of these types those whose row points to a patient: they are about one, whether
 * or not a resource names them.
 */
export async function clinicalTypes(
  deps: ActivityDependencies,
  types: readonly string[],
): Promise<ReadonlySet<string>> {
  const { roots } = deps.pack;
  const recorded = types.every((type) => roots.has(type)) ? [] : await deps.places();
  const clinical = [...roots.values(), ...recorded].filter(
    ({ patientColumn }) => patientColumn !== undefined,
  );
  return new Set(clinical.map(({ resourceType }) => resourceType));
}

/** Equal for places that hold the same rows. */
const rowsKey = ({ resourceType, table, idColumn, discriminator }: RootPlace): string =>
  JSON.stringify([resourceType, table, idColumn, discriminator?.column, discriminator?.value]);

function merge(places: readonly RootPlace[]): readonly RootPlace[] {
  const expansions = mergeChildren(places.flatMap((place) => place.expansions));
  const byPatientColumn = new Map<string | undefined, RootPlace>();
  for (const place of places) {
    if (byPatientColumn.has(place.patientColumn)) continue;
    byPatientColumn.set(place.patientColumn, { ...place, expansions });
  }
  return [...byPatientColumn.values()];
}

function mergeChildren(children: readonly ChildPlace[]): readonly ChildPlace[] {
  const groups = Map.groupBy(children, ({ table, parentColumn }) => `${table} ${parentColumn}`);
  return [...groups.values()].flatMap(([first, ...rest]) => {
    if (first === undefined) return [];
    const below = [first, ...rest].flatMap(({ expansions }) => expansions);
    return [{ ...first, expansions: mergeChildren(below) }];
  });
}

/** A map in use names its tables rightly, or its work stops; only of others may a table be gone. */
async function existingPart(
  deps: ActivityDependencies,
  place: RootPlace,
): Promise<RootPlace | undefined> {
  if (!(await isThere(deps, place.table))) return undefined;
  return { ...place, expansions: await existingChildren(deps, place.expansions) };
}

async function existingChildren(
  deps: ActivityDependencies,
  children: readonly ChildPlace[],
): Promise<readonly ChildPlace[]> {
  const existing = await Promise.all(
    children.map(async (child) => {
      if (!(await isThere(deps, child.table))) return [];
      return [{ ...child, expansions: await existingChildren(deps, child.expansions) }];
    }),
  );
  return existing.flat();
}

async function isThere(
  { dataverse }: Pick<ActivityDependencies, 'dataverse'>,
  table: string,
): Promise<boolean> {
  try {
    await dataverse.table(table);
    return true;
  } catch (error) {
    if (error instanceof AppError && error.code === 'DATAVERSE_METADATA_MISSING') return false;
    throw error;
  }
}
