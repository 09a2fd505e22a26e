import { z } from 'zod';

const named = z.object({ name: z.string() });
const coded = z.object({ code: z.string() });

const statement = z.object({
  resourceType: z.literal('CapabilityStatement').optional(),
  fhirVersion: z.string(),
  software: z.object({ name: z.string().optional(), version: z.string().optional() }).optional(),
  rest: z
    .array(
      z.object({
        security: z.looseObject({ cors: z.boolean().optional() }).optional(),
        interaction: z.array(coded).optional(),
        operation: z.array(named).optional(),
        resource: z
          .array(
            z.object({
              type: z.string(),
              versioning: z.string().optional(),
              interaction: z.array(coded).optional(),
              searchParam: z.array(named).optional(),
              operation: z.array(named).optional(),
              supportedProfile: z.array(z.string()).optional(),
            }),
          )
          .optional(),
      }),
    )
    .optional(),
});

export interface TypeDescription {
  readonly versioning: string | null;
  readonly interactions: readonly string[];
  readonly searchParameters: readonly string[];
  readonly operations: readonly string[];
  readonly profiles: readonly string[];
}

/** What a service says of itself at `/metadata`, as far as a migration needs it. */
export interface ServiceDescription {
  readonly fhirVersion: string;
  readonly software: string | null;
  /** Undefined when it does not say. */
  readonly cors: boolean | null;
  readonly interactions: readonly string[];
  /** Of the whole service, without `$`. */
  readonly operations: readonly string[];
  readonly types: Readonly<Record<string, TypeDescription>>;
}

/** Undefined when it is no CapabilityStatement. */
export function describeService(capability: unknown): ServiceDescription | undefined {
  const parsed = statement.safeParse(capability);
  if (!parsed.success) return undefined;
  const { fhirVersion, software, rest: [rest] = [] } = parsed.data;
  const label = [software?.name, software?.version].filter((part) => part !== undefined).join(' ');
  const types = (rest?.resource ?? []).map((resource): [string, TypeDescription] => [
    safeWord(resource.type),
    {
      versioning: resource.versioning === undefined ? null : safeWord(resource.versioning),
      interactions: words((resource.interaction ?? []).map(({ code }) => code)),
      searchParameters: words((resource.searchParam ?? []).map(({ name }) => name)),
      operations: words((resource.operation ?? []).map(({ name }) => name)),
      profiles: (resource.supportedProfile ?? []).map(safeCanonical),
    },
  ]);
  return {
    fhirVersion: safeWord(fhirVersion),
    software: label === '' ? null : label.replaceAll(/[^\w .,()+-]/g, '').slice(0, 200),
    cors: rest?.security?.cors ?? null,
    interactions: words((rest?.interaction ?? []).map(({ code }) => code)),
    operations: words((rest?.operation ?? []).map(({ name }) => name)),
    types: Object.fromEntries(types),
  };
}

/** Names in a service's own answers are kept to letters that a name is made of. */
const safeWord = (text: string): string =>
  text
    .replace(/^\$/, '')
    .replaceAll(/[^\w.-]/g, '')
    .slice(0, 100);

const words = (names: readonly string[]): readonly string[] =>
  [...new Set(names.map(safeWord))].sort();

/** A canonical URL, which names a definition and never a person. */
export const safeCanonical = (url: string): string =>
  url.replaceAll(/[^\w:/.#|~-]/g, '').slice(0, 300);

/**
 * Which `$export` a service speaks; null: none. Azure says so by its name, and no other service is
 * known to offer `$import` beside it (facts/migration.md §2).
 */
export function exportDialectOf({
  operations,
  software,
}: Pick<ServiceDescription, 'operations' | 'software'>): 'ahds' | 'ig' | null {
  if (!operations.some((name) => /export$/.test(name))) return null;
  return /microsoft|azure/i.test(software ?? '') || operations.includes('import') ? 'ahds' : 'ig';
}
