import type { Difference, Differences, TypeDifferences } from './contract.ts';
import { type DifferenceKind, differenceKinds } from './difference-kinds.ts';
import type { NamedDifference } from './name-differences.ts';

interface OpenCount {
  readonly kinds: Record<DifferenceKind, number>;
  sourceEntries: number;
  targetEntries: number;
}

/** No difference of any kind. */
export const noKinds = (): Record<DifferenceKind, number> => ({
  missing: 0,
  extra: 0,
  altered: 0,
  'version-differs': 0,
  moved: 0,
  undeleted: 0,
  'wrongly-deleted': 0,
  'duplicate-in-source': 0,
  'duplicate-in-target': 0,
});

/** Counts all differences and keeps the first so many, in an order that does not depend on feeding. */
export class DifferenceCount {
  readonly #cap: number;
  readonly #types = new Map<string, OpenCount>();
  #listed: Difference[] = [];

  constructor(cap: number) {
    this.#cap = cap;
  }

  add(name: string, differences: readonly NamedDifference[]): void {
    const slash = name.indexOf('/');
    const resourceType = name.slice(0, slash);
    const id = name.slice(slash + 1);
    for (const { kind, source, target } of differences) {
      const type = this.#type(resourceType);
      type.kinds[kind] += 1;
      if (source !== undefined) type.sourceEntries += 1;
      if (target !== undefined) type.targetEntries += 1;
      this.#list({
        ...{ kind, resourceType, id },
        sourceVersion: source?.versionId ?? null,
        targetVersion: target?.versionId ?? null,
      });
    }
  }

  merge({ types, listed }: Differences): void {
    for (const part of types) {
      const type = this.#type(part.type);
      type.sourceEntries += part.sourceEntries;
      type.targetEntries += part.targetEntries;
      for (const kind of differenceKinds) type.kinds[kind] += part.kinds[kind];
    }
    for (const difference of listed) this.#list(difference);
  }

  finish(): Differences {
    this.#shorten();
    const types = [...this.#types]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([type, open]): TypeDifferences => ({ type, ...open }));
    const count = types
      .flatMap(({ kinds }) => Object.values(kinds))
      .reduce((sum, number) => sum + number, 0);
    return { count, types, listed: this.#listed };
  }

  #type(name: string): OpenCount {
    const known = this.#types.get(name);
    if (known !== undefined) return known;
    const type = { kinds: noKinds(), sourceEntries: 0, targetEntries: 0 };
    this.#types.set(name, type);
    return type;
  }

  #list(difference: Difference): void {
    this.#listed.push(difference);
    if (this.#listed.length > 2 * this.#cap + 100) this.#shorten();
  }

  #shorten(): void {
    this.#listed = this.#listed.sort(byName).slice(0, this.#cap);
  }
}

function byName(left: Difference, right: Difference): number {
  const key = ({ resourceType, id, sourceVersion, targetVersion, kind }: Difference): string =>
    `${resourceType}/${id}\n${sourceVersion ?? ''}\n${targetVersion ?? ''}\n${kind}`;
  const [first, second] = [key(left), key(right)];
  if (first === second) return 0;
  return first < second ? -1 : 1;
}
