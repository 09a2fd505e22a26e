import type { DryRunResult, ResourceForecast } from '../../shared/dry-run/index.ts';

/** A dry run in counts and references; what a value would be is never said. */
export function dryRunReport({ resources, columns, concepts, unmapped }: DryRunResult) {
  const outcomes = Map.groupBy(resources, ({ outcome }) => outcome);
  return {
    resources: resources.length,
    unmapped,
    outcomes: Object.fromEntries([...outcomes].map(([outcome, some]) => [outcome, some.length])),
    columns: columns.filter(({ created, changed, rejected }) => created + changed + rejected > 0),
    children: childrenOf(resources),
    concepts,
    problems: problemsOf(resources),
  };
}

function childrenOf(resources: readonly ResourceForecast[]) {
  const byExpansion = Map.groupBy(
    resources.flatMap(({ children }) => children),
    ({ expansion, table }) => `${expansion} ${table}`,
  );
  return [...byExpansion.values()].flatMap((some) => {
    const [first] = some;
    if (first === undefined) return [];
    const { expansion, table } = first;
    const sum = (of: 'added' | 'changed' | 'removed') =>
      some.reduce((total, child) => total + child[of], 0);
    return [
      { expansion, table, added: sum('added'), changed: sum('changed'), removed: sum('removed') },
    ];
  });
}

/** Equal problems are one, with a count and the first resource that has it. */
function problemsOf(resources: readonly ResourceForecast[]) {
  const all = resources.flatMap(({ reference, problems }) =>
    problems.map((problem) => ({ problem, reference })),
  );
  const byPlace = Map.groupBy(
    all,
    ({ problem }) => `${problem.map} ${problem.column} ${problem.code}`,
  );
  return [...byPlace.values()].flatMap((some) => {
    const [first] = some;
    return first === undefined
      ? []
      : [{ ...first.problem, count: some.length, example: first.reference }];
  });
}
