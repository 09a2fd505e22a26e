import type { EntityMapFile } from './map-language.ts';
import type { Sources } from './map-source.ts';
import { parsePath } from './path-syntax.ts';
import { asList, pathsOf } from './source-paths.ts';

/**
 * The first-level elements that sources read, through selections where they use
 * them; undefined when that cannot be told (a choice element, or the node itself).
 */
export function elementsRead(
  sources: Sources,
  select: NonNullable<EntityMapFile['select']>,
): ReadonlySet<string> | undefined {
  const elements = new Set<string>();
  for (const path of asList(sources).flatMap(pathsOf)) {
    const parsed = parsePath(path);
    if (parsed.kind === 'refused') return undefined;
    const selected = select[parsed.selection];
    const [first] = parsed.steps;
    if (selected !== undefined) {
      const behind = elementsRead(selected, {});
      if (behind === undefined) return undefined;
      for (const element of behind) elements.add(element);
    } else if (first?.kind === 'member') {
      elements.add(first.name);
    } else {
      return undefined;
    }
  }
  return elements;
}
