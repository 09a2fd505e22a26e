import { readJsonIfThere } from './maps-folder.ts';

interface Terminology {
  readonly resourceType: string;
  readonly url: string;
  readonly concept?: readonly Concept[];
  readonly compose?: { readonly include: readonly Include[] };
}
interface Concept {
  readonly code: string;
  readonly concept?: readonly Concept[];
}
interface Include {
  readonly system: string;
  readonly concept?: readonly Concept[];
  readonly filter?: unknown;
}

/** HL7's own value sets; undefined codes for one that is defined by a filter over a code system. */
export function r4ValueSets() {
  const folder = ['node_modules', '@medplum', 'definitions', 'dist', 'fhir', 'r4'];
  const resources = ['valuesets.json', 'v2-tables.json', 'v3-codesystems.json'].flatMap((file) => {
    const bundle = readJsonIfThere(...folder, file) as { entry: { resource: Terminology }[] };
    return bundle.entry.map(({ resource }) => resource);
  });
  const valueSets = new Map(
    resources.map((resource) => [`${resource.resourceType} ${resource.url}`, resource]),
  );
  const flat = (concepts: readonly Concept[] = []): readonly string[] =>
    concepts.flatMap(({ code, concept }) => [code, ...flat(concept)]);
  const codesOf = (url: string): ReadonlySet<string> | undefined => {
    const include = valueSets.get(`ValueSet ${url}`)?.compose?.include ?? [];
    if (include.some(({ filter }) => filter !== undefined)) return undefined;
    return new Set(
      include.flatMap(({ system, concept }) =>
        flat(concept ?? valueSets.get(`CodeSystem ${system}`)?.concept),
      ),
    );
  };
  return { valueSets: new Set(resources.map(({ url }) => url)), codesOf };
}
