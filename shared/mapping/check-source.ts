import { checkPath } from './check-path.ts';
import type { Complain } from './map-file-problem.ts';
import type { Source } from './map-source.ts';
import { pathsOf } from './source-paths.ts';
import { parseTemplate } from './template.ts';

interface SourcePlace {
  readonly pointer: string;
  readonly selections: ReadonlySet<string>;
  readonly wholeResource: boolean;
}

/** Checks one source of an attribute: its paths, and what its form asks for. */
export function checkSource(source: Source, place: SourcePlace, complain: Complain): void {
  const { pointer, selections } = place;
  for (const path of pathsOf(source)) checkPath(path, pointer, selections, complain);
  if (typeof source === 'string') return;
  if ('template' in source) {
    const template = parseTemplate(source.template);
    if (template.kind === 'refused') complain(pointer, template.problem, template.remedy);
  }
  if ('contained' in source) {
    checkPath(source.path, pointer, new Set(), complain);
    if (!place.wholeResource) {
      complain(
        pointer,
        'a contained resource is not to be seen from an item of an expansion map',
        'Read it in the root map',
      );
    }
  }
}
