import { z } from 'zod';
import { AppError } from '../errors.ts';
import type { HttpSend } from '../http/index.ts';
import { createMigrationService as createPlainService, type MigrationService } from './service.ts';

const capability = z.object({
  rest: z.array(
    z.object({
      resource: z
        .array(
          z.object({
            type: z.string(),
            interaction: z.array(z.object({ code: z.string() })).optional(),
          }),
        )
        .optional(),
    }),
  ),
});

/** The types that a service says can be searched, in order. */
export async function searchableTypes(
  service: Pick<MigrationService, 'capability'>,
): Promise<readonly string[]> {
  const parsed = capability.safeParse(await service.capability());
  const found = parsed.data?.rest.flatMap(({ resource = [] }) => resource) ?? [];
  const searchable = found.filter(
    ({ interaction = [] }) =>
      interaction.length === 0 || interaction.some(({ code }) => code === 'search-type'),
  );
  return [...new Set(searchable.map(({ type }) => type))].sort();
}

/**
 * The service of a migration. FHIR does not oblige a server to search all types at once
 * (search-system): one that refuses is asked type by type from then on, which takes longer.
 */
export function createMigrationService(url: string, send: HttpSend): MigrationService {
  const service = createPlainService(url, send);
  let types: readonly string[] | undefined;
  const asked = async <T>(
    whole: () => Promise<T>,
    each: (types: readonly string[]) => Promise<readonly T[]>,
  ): Promise<readonly T[]> => {
    if (types === undefined) {
      try {
        return [await whole()];
      } catch (error) {
        if (!(error instanceof AppError) || error.code !== 'FHIR_REFUSED') throw error;
        types = await searchableTypes(service);
      }
    }
    return each(types);
  };
  return {
    ...service,
    async count(request) {
      if (request.types.length > 0 || request.history) return service.count(request);
      const counts = await asked(
        () => service.count(request),
        (all) => service.countAll(all.map((type) => ({ ...request, types: [type] }))),
      );
      return counts.reduce((sum, count) => sum + count, 0);
    },
    async edge(which, history) {
      if (history) return service.edge(which, history);
      const edges = await asked(
        () => service.edge(which, history),
        (all) => edgesOf(service, which, all),
      );
      const known = edges.filter((edge) => edge !== undefined).sort();
      return which === 'oldest' ? known[0] : known.at(-1);
    },
  };
}

const page = z.object({
  entry: z
    .array(z.object({ resource: z.object({ meta: z.object({ lastUpdated: z.string() }) }) }))
    .optional(),
});

/** Types that are asked side by side. */
const width = 8;

async function edgesOf(
  service: MigrationService,
  which: 'oldest' | 'newest',
  types: readonly string[],
): Promise<readonly (string | undefined)[]> {
  const edges: (string | undefined)[] = [];
  for (let from = 0; from < types.length; from += width) {
    const some = types.slice(from, from + width);
    edges.push(...(await Promise.all(some.map((type) => edgeOf(service, which, type)))));
  }
  return edges;
}

async function edgeOf(
  service: MigrationService,
  which: 'oldest' | 'newest',
  type: string,
): Promise<string | undefined> {
  const sort = which === 'oldest' ? '_lastUpdated' : '-_lastUpdated';
  const text = await service.read(`${type}?_sort=${sort}&_count=1`);
  if (text === undefined) return undefined;
  const [first] = page.parse(JSON.parse(text)).entry ?? [];
  return first === undefined ? undefined : new Date(first.resource.meta.lastUpdated).toISOString();
}
