/**
 * Orders items so that each comes after those it depends on. Where items depend
 * on each other in a circle, one dependency of the circle is left out and named
 * in `broken`: it has to be completed after the circle is written.
 */
export function dependencyOrder<T>(
  items: ReadonlyMap<string, T>,
  dependenciesOf: (item: T) => readonly string[],
): {
  readonly order: readonly string[];
  readonly broken: ReadonlyMap<string, ReadonlySet<string>>;
} {
  const order: string[] = [];
  const broken = new Map<string, Set<string>>();
  const state = new Map<string, 'open' | 'done'>();

  const visit = (name: string, item: T): void => {
    state.set(name, 'open');
    for (const dependency of dependenciesOf(item)) {
      const target = items.get(dependency);
      if (target === undefined || state.get(dependency) === 'done') continue;
      if (state.get(dependency) === 'open') {
        broken.set(name, (broken.get(name) ?? new Set()).add(dependency));
      } else {
        visit(dependency, target);
      }
    }
    state.set(name, 'done');
    order.push(name);
  };

  for (const [name, item] of items) {
    if (!state.has(name)) visit(name, item);
  }
  return { order, broken };
}
