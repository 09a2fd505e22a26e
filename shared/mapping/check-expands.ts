import { expansionNames } from './expansions-below.ts';
import type { Complain } from './map-file-problem.ts';
import type { MapFiles } from './map-files.ts';
import type { EntityMapFile, ExpansionMapFile } from './map-language.ts';

/** Rows of rows of rows: each level costs calls, and no resource of R4 needs more. */
const maximumLevels = 3;

/** Checks what the Expand attributes of a map lead to. */
export function checkExpands(
  content: EntityMapFile | ExpansionMapFile,
  { expansions }: MapFiles,
  complain: Complain,
): void {
  const seen = new Set<string>();
  const attributes: EntityMapFile['attributes'] = content.attributes;
  attributes.forEach((attribute, index) => {
    if (attribute.action !== 'Expand') return;
    const complainHere = (problem: string, remedy: string): void =>
      complain(`/attributes/${index}/expansion`, problem, remedy);
    const { expansion: name } = attribute;
    const target = expansions.find((file) => file.content.name === name)?.content;
    if (target?.resource !== '*' && target?.resource !== content.resource) {
      complainHere(
        `there is no expansion map ${name} for ${content.resource}`,
        'Add it to the expansion folder or correct the name',
      );
      return;
    }
    if (attribute.disabled === true) return;
    if (seen.has(name)) {
      complainHere(
        `an earlier attribute expands to ${name}, whose rows this one would remove`,
        'Keep one; give it several sources if there is more than one array',
      );
    }
    seen.add(name);
    if (content.expand === true) checkBelow(content, target, { expansions, complainHere });
  });
}

function checkBelow(
  content: ExpansionMapFile,
  target: ExpansionMapFile,
  {
    expansions,
    complainHere,
  }: Pick<MapFiles, 'expansions'> & {
    readonly complainHere: (problem: string, remedy: string) => void;
  },
): void {
  if (target.identifier !== undefined) {
    complainHere(
      'an identifier table below a child table',
      'Expand to it from the root map, whose row it identifies',
    );
  }
  const levels = 1 + levelsFrom(target, expansions, [content.name]);
  if (levels === Number.POSITIVE_INFINITY) {
    complainHere(`${target.name} leads back to itself`, 'Take one Expand of the circle away');
  } else if (levels > maximumLevels) {
    complainHere(
      `${levels} levels of child rows where ${maximumLevels} are the most`,
      'Take the lowest level away',
    );
  }
}

/** Levels of rows that an expansion map makes, its own among them; infinite in a circle. */
function levelsFrom(
  map: ExpansionMapFile,
  expansions: MapFiles['expansions'],
  above: readonly string[],
): number {
  if (above.includes(map.name)) return Number.POSITIVE_INFINITY;
  const names = expansionNames(map);
  const below = expansions.filter(({ content }) => names.includes(content.name));
  const deepest = below.map(({ content }) => levelsFrom(content, expansions, [...above, map.name]));
  return 1 + Math.max(0, ...deepest);
}
