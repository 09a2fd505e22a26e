import type {
  ClosureCheck,
  ClosureOptions,
  DanglingReference,
  ReferenceClosure,
} from './contract.ts';
import { bytesPerId, ReferenceSet } from './reference-set.ts';
import { referenceTarget } from './reference-target.ts';

const defaultExamples = 20;
const defaultMaxBytes = 128 * 1024 * 1024;

/** How many passes over ids and references keep each below `maxBytes` (default 128 MB). */
export function closurePasses(
  ids: number,
  { maxBytes = defaultMaxBytes }: { readonly maxBytes?: number } = {},
): number {
  return Math.max(1, Math.ceil((ids * bytesPerId) / maxBytes));
}

/**
 * Checks that what the target's resources point at is there. Feed the ids of live resources of
 * both sides first, then each `reference` of the target's live resources, every pass the same.
 * Memory: 45 bytes per id of the pass at the most.
 */
export function createClosureCheck({
  pass = 0,
  passes = 1,
  bases = [],
  examples = defaultExamples,
}: ClosureOptions = {}): ClosureCheck {
  const set = new ReferenceSet(pass, passes);
  const roots = bases.map((base) => base.replace(/\/+$/, ''));
  const counts = { local: 0, elsewhere: 0, broken: 0, danglingInSource: 0 };
  const broken: DanglingReference[] = [];
  const dangling: DanglingReference[] = [];
  return {
    addId: (side, resourceType, id) => set.add(side, `${resourceType}/${id}`),
    addReference(from, reference) {
      const to = referenceTarget(reference, roots);
      if (to === undefined) {
        if (pass === 0) counts.elsewhere += 1;
        return;
      }
      if (!set.owns(to)) return;
      counts.local += 1;
      if (set.has('target', to)) return;
      const isBroken = set.has('source', to);
      counts[isBroken ? 'broken' : 'danglingInSource'] += 1;
      keep(isBroken ? broken : dangling, { from, to }, examples);
    },
    finish: () => ({
      ...counts,
      brokenExamples: first(broken, examples),
      danglingExamples: first(dangling, examples),
    }),
  };
}

/** Keeps the first by name, so that examples do not depend on the order of feeding. */
function keep(list: DanglingReference[], one: DanglingReference, examples: number): void {
  list.push(one);
  if (list.length > 2 * examples + 100) list.splice(0, list.length, ...first(list, examples));
}

function first(list: readonly DanglingReference[], examples: number): readonly DanglingReference[] {
  const name = ({ from, to }: DanglingReference): string => `${from} ${to}`;
  return [...list].sort((a, b) => (name(a) < name(b) ? -1 : 1)).slice(0, examples);
}

/** The passes of one check as one. */
export function mergeClosures(
  parts: readonly ReferenceClosure[],
  { examples = defaultExamples }: { readonly examples?: number } = {},
): ReferenceClosure {
  const sum = (of: (part: ReferenceClosure) => number): number =>
    parts.reduce((total, part) => total + of(part), 0);
  return {
    local: sum(({ local }) => local),
    elsewhere: sum(({ elsewhere }) => elsewhere),
    broken: sum(({ broken }) => broken),
    danglingInSource: sum(({ danglingInSource }) => danglingInSource),
    brokenExamples: first(
      parts.flatMap(({ brokenExamples }) => brokenExamples),
      examples,
    ),
    danglingExamples: first(
      parts.flatMap(({ danglingExamples }) => danglingExamples),
      examples,
    ),
  };
}
