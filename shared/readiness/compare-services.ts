import type { ServiceDescription, TypeDescription } from './description.ts';

/** What one type has in the source and lacks in the target. */
export interface TypeGap {
  readonly type: string;
  readonly interactions: readonly string[];
  readonly searchParameters: readonly string[];
  readonly operations: readonly string[];
  readonly profiles: readonly string[];
  /** Versioning policies when they differ. */
  readonly versioning: { readonly source: string; readonly target: string } | null;
}

export interface ServiceComparison {
  readonly sameVersion: boolean;
  /** Types that the target does not know. */
  readonly typesMissing: readonly string[];
  /** Types in which the target offers less, or versions in another way. */
  readonly gaps: readonly TypeGap[];
  /** Interactions and operations of the whole service that the target lacks. */
  readonly interactionsMissing: readonly string[];
  readonly operationsMissing: readonly string[];
}

/** What a client of the source would miss in the target, from what both say of themselves. */
export function compareServices(
  source: ServiceDescription,
  target: ServiceDescription,
): ServiceComparison {
  const known = Object.entries(source.types);
  return {
    sameVersion: source.fhirVersion === target.fhirVersion,
    typesMissing: known.map(([type]) => type).filter((type) => !(type in target.types)),
    gaps: known.flatMap(([type, from]) => {
      const to = target.types[type];
      return to === undefined ? [] : gapOf(type, from, to);
    }),
    interactionsMissing: lacking(source.interactions, target.interactions),
    operationsMissing: lacking(source.operations, target.operations),
  };
}

function gapOf(type: string, from: TypeDescription, to: TypeDescription): readonly TypeGap[] {
  const gap: TypeGap = {
    type,
    interactions: lacking(from.interactions, to.interactions),
    searchParameters: lacking(from.searchParameters, to.searchParameters),
    operations: lacking(from.operations, to.operations),
    profiles: lacking(from.profiles, to.profiles),
    versioning: policies(from.versioning, to.versioning),
  };
  const { type: _, versioning, ...lists } = gap;
  const isGap = versioning !== null || Object.values(lists).some(({ length }) => length > 0);
  return isGap ? [gap] : [];
}

function policies(source: string | null, target: string | null): TypeGap['versioning'] {
  if (source === target) return null;
  return { source: source ?? 'not said', target: target ?? 'not said' };
}

const lacking = (wanted: readonly string[], offered: readonly string[]): readonly string[] =>
  wanted.filter((name) => !offered.includes(name));
